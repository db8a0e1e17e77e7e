/*
 * The packets of a session as they were on the wire: the first of them and the last
 * whole, of those between only how they begin. So a call's every number is there for who
 * counts, and what was said at its ends.
 */
#ifndef SIPPROBE_MEDIA_PACKETS_H
#define SIPPROBE_MEDIA_PACKETS_H

#include "sipprobe/media/media.h"

enum {
	PACKETS_FIRST = 32, /* kept whole, for good */
	PACKETS_LAST = 96,  /* … and those after them, the oldest goes first */
	PACKETS = PACKETS_FIRST + PACKETS_LAST,
	PACKETS_BYTES = 224, /* of each; an RTP packet of ours has 172, with SRTP 182 */
	PACKETS_HEAD = 12,   /* of those between: RTP's own header (RFC 3550 5.1) */
	PACKETS_PEERS = 4,   /* addresses that are told apart between them */
};

/*
 * @heads: how many are kept at least by their head
 *
 * Returns NULL without memory.
 */
struct media_packets *packets_alloc(size_t heads);

/* @data need not stay. */
void packets_add(struct media_packets *p, const struct media_packet *packet);

#endif

/* The packets of a session as they went by: the first of them and the last. */
#ifndef SIPPROBE_MEDIA_PACKETS_H
#define SIPPROBE_MEDIA_PACKETS_H

#include "sipprobe/media/media.h"

enum {
	PACKETS_FIRST = 32, /* kept for good */
	PACKETS_LAST = 96,  /* … and those after them, the oldest goes first */
	PACKETS = PACKETS_FIRST + PACKETS_LAST,
	PACKETS_BYTES = 224, /* of each; an RTP packet of ours has 172 */
};

/* Returns NULL without memory. */
struct media_packets *packets_alloc(void);

/* @data need not stay. */
void packets_add(struct media_packets *p, const struct media_packet *packet);

#endif

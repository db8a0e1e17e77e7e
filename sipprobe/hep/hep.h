/*
 * HEP, version 3: a SIP message with where it came from and went to, as one datagram for
 * a collector such as Homer, heplify-server or Kamailio's sipcapture. Bytes alone.
 */
#ifndef SIPPROBE_HEP_HEP_H
#define SIPPROBE_HEP_HEP_H

#include "sipprobe/loop/compat.h"

enum {
	HEP_PACKET_MAX = 65507, /* what a datagram over IPv4 can carry */
	HEP_CALL_ID_MAX = 255,	/* a longer one is left out */
};

struct hep_message {
	const struct sa *from; /* with ports; of the same family as @to */
	const struct sa *to;
	bool stream;	    /* over TCP, with TLS or WebSocket or not; else UDP */
	int64_t at_unix_ns; /* wall clock */
	uint32_t agent;	    /* capture agent that we are */
	struct pl call_id;  /* what belongs together; empty: unknown */
	struct pl payload;
};

/*
 * Writes a packet. What has no room of the payload is cut, before its chunk is made: each
 * chunk, and the packet, is as long as it says.
 *
 * @size: room in @out; HEP_PACKET_MAX at most is used
 *
 * Returns its length, or 0: the ends are of two families, or there is no room.
 */
size_t hep_write(uint8_t *out, size_t size, const struct hep_message *m);

#endif

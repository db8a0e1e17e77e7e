/* RTP packets (RFC 3550 5.1, 5.3.1), read with every length checked. */
#ifndef SIPPROBE_MEDIA_RTP_H
#define SIPPROBE_MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_HEADER_BYTES = 12,
	RTP_TYPES = 128, /* payload types */
};

struct rtp_packet {
	uint8_t type; /* payload type */
	bool marker;
	uint16_t sequence;
	uint32_t timestamp;
	uint32_t ssrc;
	const uint8_t *payload; /* without extension and padding */
	size_t payload_bytes;
};

/* Writes the header alone. @out: RTP_HEADER_BYTES. Returns its end. */
uint8_t *rtp_packet_write(uint8_t *out, const struct rtp_packet *p);

/*
 * Reads a packet: version 2, its contributing sources, extension and padding within
 * @bytes. @p's payload points into @data.
 *
 * @secure: what follows the header is still SRTP's: padding is not looked at
 *
 * Returns whether it is one; @p is untouched if not.
 */
bool rtp_packet_read(struct rtp_packet *p, const uint8_t *data, size_t bytes,
		     bool secure);

/* Whether what came to a port of both is RTCP (RFC 5761 4): by the second octet. */
bool rtp_is_rtcp(const uint8_t *data, size_t bytes);

#endif

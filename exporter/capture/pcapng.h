/*
 * Writes pcapng (draft-ietf-opsawg-pcapng) into a buffer: packets over UDP and TCP from
 * their bytes, ends and times, without anything below IP. Knows nothing of SIP: what
 * writes messages, or media later, says what a packet holds.
 */
#ifndef EXPORTER_CAPTURE_PCAPNG_H
#define EXPORTER_CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* An address and a port. */
struct pcapng_end {
	uint8_t ip[16]; /* network order; four of it without `ipv6` */
	uint16_t port;
	bool ipv6;
};

struct pcapng_packet {
	int64_t at_unix_ns; /* wall clock */
	struct pcapng_end from;
	struct pcapng_end to; /* of the same family */
	bool outbound;	      /* we sent it */
	struct slice payload; /* the first bytes of it, which are kept */
	uint32_t size;	      /* of all of it; less than payload.l is taken for that */
	const char *comment;  /* or NULL */
};

/* The largest payload that a packet can have; what is above is cut. */
enum { PCAPNG_PAYLOAD_MAX = 65000 };

/*
 * Reads "192.0.2.1:5060" or "[2001:db8::1]:5060"; a zone (RFC 4007) is left out.
 *
 * Returns whether it is one; @out is untouched if not.
 */
bool pcapng_end_parse(struct pcapng_end *out, const char *text, size_t len);

/* Section and interfaces; times are in nanoseconds. @comment: for people, or NULL */
void pcapng_begin(struct buffer *b, const char *program, const char *comment);

void pcapng_udp(struct buffer *b, const struct pcapng_packet *p);

/*
 * A message of SIP alone, for Wireshark's LINKTYPE_WIRESHARK_UPPER_PDU: over what no
 * packet could show it, with the ends it went between, and no size but its own.
 */
void pcapng_sip(struct buffer *b, const struct pcapng_packet *p);

/* A segment of a stream. @seq: of its first byte; @ack: what the other side is expected
 * to send next */
void pcapng_tcp(struct buffer *b, const struct pcapng_packet *p, uint32_t seq,
		uint32_t ack);

#endif

/*
 * RTCP (RFC 3550 6): our reports written; of a peer's, what they say about us. All else,
 * and whatever is no RTCP, is skipped in silence: strangers must not fill a log.
 */
#ifndef SIPPROBE_MEDIA_RTCP_H
#define SIPPROBE_MEDIA_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTCP_BYTES = 128,   /* more than we write at once */
	RTCP_NAME_MAX = 32, /* bytes of a canonical name */
};

/* A report block about a source (6.4.1). */
struct rtcp_block {
	uint32_t ssrc;
	uint8_t fraction; /* lost since the report before, in 256ths */
	int32_t lost;	  /* of all, 24 bits with sign */
	uint32_t highest; /* sequence number, with cycles */
	uint32_t jitter;  /* in ticks of the stream's clock */
	uint32_t last_sr; /* middle of the last SR's NTP time; 0: none came */
	uint32_t delay;	  /* since that came, in 1/65536 s */
};

struct rtcp_report {
	uint32_t ssrc; /* of ours */
	const char *name;
	bool sender;  /* SR, else RR */
	uint64_t ntp; /* seconds and 1/2^32 of them */
	uint32_t timestamp;
	uint32_t packets, octets;
	const struct rtcp_block *block; /* NULL: nothing was received */
	bool bye;
};

/* @out: RTCP_BYTES. Returns how many were written. */
size_t rtcp_report_write(uint8_t *out, const struct rtcp_report *r);

/* What a packet of a peer says. */
struct rtcp_heard {
	uint32_t sender; /* SSRC of the last SR or RR, if there was one */
	bool has_sr;
	uint32_t sr_middle; /* of its NTP time */
	bool has_block;
	struct rtcp_block block; /* the last one about us */
	bool bye;
};

/*
 * Reads a compound packet; lengths are checked before anything is believed.
 *
 * @ours: the SSRC that we send with
 *
 * Returns whether it is RTCP throughout; @h is untouched if not.
 */
bool rtcp_read(struct rtcp_heard *h, const uint8_t *data, size_t bytes, uint32_t ours);

/* The middle 32 bits of a monotonic time as we put it into reports: 1/65536 s. */
uint64_t rtcp_ntp(int64_t at_ns);
uint32_t rtcp_middle(uint64_t ntp);

/* Round trip of a block that came at @arrival_ns (6.4.1), or -1: it names no SR of ours.
 */
int64_t rtcp_round_trip_ns(const struct rtcp_block *b, int64_t arrival_ns);

#endif

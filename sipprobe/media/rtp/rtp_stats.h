/*
 * What a stream of RTP packets went through on its way: lost, duplicate, reordered, too
 * late for a jitter buffer, jitter. Pure: packets and their times of arrival go in.
 */
#ifndef SIPPROBE_MEDIA_RTP_STATS_H
#define SIPPROBE_MEDIA_RTP_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "sipprobe/media/rtp/rtp.h"

enum {
	RTP_WINDOW = 1024, /* sequence numbers back in which copies are known */
	RTP_SETTLED = 64,  /* … and after which what has not come counts as missing */
};

/* Of every payload type's clock: G.711, telephone-event and comfort noise have one. */
#define RTP_TICK_NS 125000LL

struct rtp_stats {
	int64_t buffer_ns; /* the jitter buffer's depth; set before the first packet */

	uint32_t received, duplicate, reordered, discarded, discontinuities, events;
	uint64_t due; /* sequence numbers of former sources or before a leap */
	int64_t first_ns, last_ns, gap_ns; /* arrivals; the longest time between two */

	/* RFC 3550 6.4.1; over all packets that have a difference to one before */
	double jitter_ns, jitter_sum_ns, jitter_max_ns;
	uint32_t jitter_count;

	/* Sequence numbers, extended to 64 bits (RFC 3550 A.1). */
	uint32_t ssrc;
	uint8_t type;
	bool begun;
	int64_t base, top;
	uint64_t seen[RTP_WINDOW / 64], timely[RTP_WINDOW / 64];
	uint16_t leapt; /* after a number that made no sense, the one after it */
	bool has_leapt;

	/* Runs of packets missing, lost or discarded: for the burst ratio. */
	int64_t settled; /* the next to be looked at */
	uint32_t missing, runs;
	bool last_missing;

	/* Jitter and the buffer: arrival minus timestamp. */
	uint32_t last_timestamp;
	int64_t last_arrival_ns;
	bool has_last;
	int64_t ticks;	    /* the last timestamp, extended */
	int64_t transit_ns; /* the least one, of the quickest packet */
	int64_t late_ns;    /* the least of a run of late ones */
	uint32_t late_run;
};

/* What a packet turned out to be. */
enum rtp_arrival {
	RTP_ARRIVAL_NEW,
	RTP_ARRIVAL_DUPLICATE,
	RTP_ARRIVAL_LEAP, /* its number makes no sense; another one like it will */
};

/* For a stream whose losses are judged by a jitter buffer of @buffer_ns. */
void rtp_stats_begin(struct rtp_stats *s, int64_t buffer_ns);

/*
 * A packet came.
 *
 * @arrival_ns: on any clock that runs steadily
 * @event:	a telephone-event: its timestamp stands still, so that it says nothing of
 *		jitter (RFC 4733 2.2.1)
 *
 * @fresh (may be NULL): whether a discontinuity was seen with it
 */
enum rtp_arrival rtp_stats_packet(struct rtp_stats *s, const struct rtp_packet *p,
				  int64_t arrival_ns, bool event, bool *fresh);

/* What has not come by now is lost: before the figures are read for the last time. */
void rtp_stats_end(struct rtp_stats *s);

/* Sequence numbers from the first to the highest, over all sources. */
uint64_t rtp_stats_due(const struct rtp_stats *s);

/* Those of them that never came. */
uint64_t rtp_stats_lost(const struct rtp_stats *s);

/* The mean of RFC 3550's estimate over the stream, or -1. */
int64_t rtp_stats_jitter_ns(const struct rtp_stats *s);

/* G.107 7.5: mean length of runs of missing ones, by that of random loss; at least 1. */
double rtp_stats_burst_ratio(const struct rtp_stats *s);

/* For a report block (RFC 3550 6.4.1): the highest number, with the count of its cycles.
 */
uint32_t rtp_stats_highest(const struct rtp_stats *s);

#endif

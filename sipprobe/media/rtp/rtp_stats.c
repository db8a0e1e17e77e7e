#include "sipprobe/media/rtp/rtp_stats.h"

#include <string.h>

#include "base/clock.h"

/*
 * A number may lead by what a sender of 10 ms packets can have sent meanwhile, twice
 * over, and as much as this.
 */
#define LEAD_PACKETS 100
#define LEAD_NS	     (5 * CLOCK_NS_PER_MS)

/* From here on a timestamp is another clock's (RFC 3550 knows no bound). */
#define LEAP_NS CLOCK_NS_PER_S

/* So many late ones in a row, and a real buffer would have set itself anew. */
#define LATE_RUN 25

void rtp_stats_begin(struct rtp_stats *s, int64_t buffer_ns)
{
	*s = (struct rtp_stats){.buffer_ns = buffer_ns};
}

static bool bits_has(const uint64_t *bits, int64_t n)
{
	return bits[(n / 64) % (RTP_WINDOW / 64)] >> (n % 64) & 1;
}

static void bits_put(uint64_t *bits, int64_t n, bool value)
{
	uint64_t bit = 1ULL << (n % 64);

	if (value)
		bits[(n / 64) % (RTP_WINDOW / 64)] |= bit;
	else
		bits[(n / 64) % (RTP_WINDOW / 64)] &= ~bit;
}

/* Takes note of all up to @end that it never will be known better of. */
static void rtp_stats_settle(struct rtp_stats *s, int64_t end)
{
	for (; s->settled <= end; s->settled++) {
		bool missing = !bits_has(s->timely, s->settled);

		s->missing += missing;
		s->runs += missing && !s->last_missing;
		s->last_missing = missing;
	}
}

/* The stream begins, or begins anew with another source or other numbers. */
static void rtp_stats_rebase(struct rtp_stats *s, const struct rtp_packet *p)
{
	if (s->begun) {
		rtp_stats_settle(s, s->top);
		s->due += (uint64_t)(s->top - s->base + 1);
		s->discontinuities++;
	}
	if (s->begun && s->ssrc != p->ssrc)
		s->jitter_ns = 0;
	s->begun = true;
	s->ssrc = p->ssrc;
	s->has_last = false;
	s->has_leapt = false;
	s->last_missing = false;
	/* One cycle up, so that one that comes late lies above 0. */
	s->base = s->top = s->settled = 0x10000 + p->sequence;
	memset(s->seen, 0, sizeof(s->seen));
	memset(s->timely, 0, sizeof(s->timely));
}

/* The number on the line of those before, closest to the highest of them. */
static int64_t rtp_stats_extend(const struct rtp_stats *s, uint16_t sequence)
{
	return s->top + (int16_t)(sequence - (uint16_t)s->top);
}

/* Whether a number can be of this stream at all. */
static bool rtp_stats_fits(const struct rtp_stats *s, int64_t n, int64_t arrival_ns)
{
	int64_t lead = LEAD_PACKETS + (arrival_ns - s->last_ns) / LEAD_NS;

	return n > s->top ? n - s->top <= lead : s->top - n < RTP_WINDOW;
}

/* Numbers up to @n are new: those between are missing as yet. */
static void rtp_stats_raise(struct rtp_stats *s, int64_t n)
{
	while (s->top < n) {
		/* A place in the window is used again only once it is settled. */
		rtp_stats_settle(s, s->top - RTP_SETTLED);
		s->top++;
		bits_put(s->seen, s->top, false);
		bits_put(s->timely, s->top, false);
	}
}

/* One from before the first that came: it was due as well. */
static void rtp_stats_lower(struct rtp_stats *s, int64_t n)
{
	if (s->settled == s->base)
		s->settled = n;
	s->base = n;
}

static void rtp_stats_arrived(struct rtp_stats *s, int64_t arrival_ns)
{
	if (!s->received)
		s->first_ns = arrival_ns;
	else if (arrival_ns - s->last_ns > s->gap_ns)
		s->gap_ns = arrival_ns - s->last_ns;
	if (!s->received || arrival_ns > s->last_ns)
		s->last_ns = arrival_ns;
	s->received++;
}

/*
 * Timestamps that leap, a new talkspurt, another payload type: what lies between such two
 * packets was not the network's doing. Returns whether it is so, but for a marker, which
 * every talkspurt has.
 */
static bool rtp_stats_restarts(struct rtp_stats *s, const struct rtp_packet *p,
			       int64_t arrival_ns)
{
	int64_t ticks = (int32_t)(p->timestamp - s->last_timestamp);
	int64_t differ_ns = arrival_ns - s->last_arrival_ns - ticks * RTP_TICK_NS;
	bool leap = s->has_last && (differ_ns > LEAP_NS || differ_ns < -LEAP_NS);
	bool other = s->has_last && p->type != s->type;

	if (leap || other || p->marker)
		s->has_last = false;
	return leap || other;
}

static void rtp_stats_jitter(struct rtp_stats *s, const struct rtp_packet *p,
			     int64_t arrival_ns)
{
	int64_t ticks = (int32_t)(p->timestamp - s->last_timestamp);
	double differ = (double)(arrival_ns - s->last_arrival_ns - ticks * RTP_TICK_NS);

	s->jitter_ns += ((differ < 0 ? -differ : differ) - s->jitter_ns) / 16;
	s->jitter_sum_ns += s->jitter_ns;
	s->jitter_count++;
	if (s->jitter_ns > s->jitter_max_ns)
		s->jitter_max_ns = s->jitter_ns;
}

/* Late for so long that a buffer would have set itself to it. */
static bool rtp_stats_set_buffer(struct rtp_stats *s, int64_t transit_ns)
{
	if (!s->late_run || transit_ns < s->late_ns)
		s->late_ns = transit_ns;
	if (++s->late_run < LATE_RUN)
		return false;
	s->transit_ns = s->late_ns;
	s->late_run = 0;
	return true;
}

/* Whether a jitter buffer would still play it: not later than its depth. */
static bool rtp_stats_is_timely(struct rtp_stats *s, int64_t transit_ns, bool *fresh)
{
	if (transit_ns < s->transit_ns)
		s->transit_ns = transit_ns;
	if (transit_ns - s->transit_ns <= s->buffer_ns) {
		s->late_run = 0;
		return true;
	}
	if (rtp_stats_set_buffer(s, transit_ns)) {
		s->discontinuities++;
		*fresh = true;
	}
	s->discarded++;
	return false;
}

static void rtp_stats_anchor(struct rtp_stats *s, int64_t arrival_ns)
{
	s->transit_ns = arrival_ns - s->ticks * RTP_TICK_NS;
	s->late_run = 0;
}

/* @p has a timestamp of its own. Returns whether it was timely. */
static bool rtp_stats_time(struct rtp_stats *s, const struct rtp_packet *p,
			   int64_t arrival_ns, bool *fresh)
{
	bool first = !s->has_last;
	bool timely = true;

	if (rtp_stats_restarts(s, p, arrival_ns)) {
		s->discontinuities++;
		*fresh = first = true;
	}
	if (s->has_last)
		rtp_stats_jitter(s, p, arrival_ns);
	s->ticks = first ? p->timestamp
			 : s->ticks + (int32_t)(p->timestamp - s->last_timestamp);
	/* A buffer sets itself with the first of a talkspurt. */
	if (first || p->marker)
		rtp_stats_anchor(s, arrival_ns);
	else
		timely = rtp_stats_is_timely(s, arrival_ns - s->ticks * RTP_TICK_NS,
					     fresh);
	s->has_last = true;
	s->last_timestamp = p->timestamp;
	s->last_arrival_ns = arrival_ns;
	s->type = p->type;
	return timely;
}

/* Where its number stands. Returns false for one that does not fit. */
static bool rtp_stats_place(struct rtp_stats *s, const struct rtp_packet *p, int64_t *n,
			    int64_t arrival_ns, bool *fresh)
{
	bool follows = s->has_leapt && p->sequence == s->leapt;

	if (s->begun && s->ssrc == p->ssrc && !follows) {
		*n = rtp_stats_extend(s, p->sequence);
		if (rtp_stats_fits(s, *n, arrival_ns)) {
			s->has_leapt = false;
			return true;
		}
		/* RFC 3550 A.1: two that follow each other are believed. */
		s->has_leapt = true;
		s->leapt = (uint16_t)(p->sequence + 1);
		return false;
	}
	*fresh = s->begun;
	rtp_stats_rebase(s, p);
	*n = s->base;
	return true;
}

enum rtp_arrival rtp_stats_packet(struct rtp_stats *s, const struct rtp_packet *p,
				  int64_t arrival_ns, bool event, bool *fresh)
{
	bool renewed = false, timely;
	int64_t n;

	if (fresh)
		*fresh = false;
	if (!rtp_stats_place(s, p, &n, arrival_ns, &renewed))
		return RTP_ARRIVAL_LEAP;
	if (n <= s->top && bits_has(s->seen, n)) {
		s->duplicate++;
		return RTP_ARRIVAL_DUPLICATE;
	}
	rtp_stats_arrived(s, arrival_ns);
	s->events += event;
	s->reordered += n < s->top;
	rtp_stats_raise(s, n);
	if (n < s->base)
		rtp_stats_lower(s, n);
	bits_put(s->seen, n, true);
	timely = event || rtp_stats_time(s, p, arrival_ns, &renewed);
	bits_put(s->timely, n, timely);
	if (fresh)
		*fresh = renewed;
	return RTP_ARRIVAL_NEW;
}

void rtp_stats_end(struct rtp_stats *s)
{
	if (s->begun)
		rtp_stats_settle(s, s->top);
}

uint64_t rtp_stats_due(const struct rtp_stats *s)
{
	return s->due + (s->begun ? (uint64_t)(s->top - s->base + 1) : 0);
}

uint64_t rtp_stats_lost(const struct rtp_stats *s)
{
	uint64_t due = rtp_stats_due(s);

	return due > s->received ? due - s->received : 0;
}

int64_t rtp_stats_jitter_ns(const struct rtp_stats *s)
{
	return s->jitter_count ? (int64_t)(s->jitter_sum_ns / s->jitter_count) : -1;
}

double rtp_stats_burst_ratio(const struct rtp_stats *s)
{
	uint64_t due = rtp_stats_due(s);
	double ratio;

	if (!s->runs || s->missing >= due)
		return 1;
	/* A run of random loss at p is 1 / (1 - p) long. */
	ratio = (double)s->missing / s->runs * (1 - (double)s->missing / (double)due);
	return ratio < 1 ? 1 : ratio;
}

uint32_t rtp_stats_highest(const struct rtp_stats *s)
{
	return (uint32_t)(s->top - 0x10000);
}

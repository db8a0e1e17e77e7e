/*
 * What a stream lost, in made-up streams: each letter of a case is a packet, in the order
 * of arrival, 20 ms apart.
 */
#include <math.h>

#include "sipprobe/media/rtp/rtp_stats.h"
#include "tests/unit/tap.h"

#define MS 1000000LL

enum { BUFFER_MS = 40 };

static uint32_t seed;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void begin(struct rtp_stats *s)
{
	rtp_stats_begin(s, BUFFER_MS * MS);
}

/* Packet @n of a stream that begins at @base, at @at_ms. */
static enum rtp_arrival put(struct rtp_stats *s, uint16_t base, int n, double at_ms)
{
	struct rtp_packet p = {.sequence = (uint16_t)(base + n),
			       .timestamp = 4294960000U + 160U * (uint32_t)n,
			       .ssrc = 1};

	return rtp_stats_packet(s, &p, (int64_t)(at_ms * MS), false, NULL);
}

/* Packets by letter, 'a' is the first: when they come, in which order. */
static const struct {
	const char *name, *order;
	unsigned lost, duplicate, reordered;
	double burst;
} orders[] = {
	{"nothing happens", "abcdefghij", 0, 0, 0, 1},
	{"one is lost", "abcefghij", 1, 0, 0, 1},
	{"three in a row", "abcghijklm", 3, 0, 0, 3 * 10 / 13.0},
	{"two runs of two", "abefijkl", 4, 0, 0, 2 * 8 / 12.0},
	{"one twice", "abbcdefg", 0, 1, 0, 1},
	{"one three times, much later", "abcdefghibbj", 0, 2, 0, 1},
	{"two change places", "abdcefg", 0, 0, 1, 1},
	{"… and one of them comes again", "abdccdefg", 0, 2, 1, 1},
	{"lost, twice and out of place", "abdcddfhg", 1, 2, 2, 1},
	{"the second comes first", "bacdefg", 0, 0, 1, 1},
	{"the fourth comes first", "dabcefg", 0, 0, 3, 1},
	{"one alone", "a", 0, 0, 0, 1},
};

static void order_run(size_t i, uint16_t base, const char *where)
{
	struct rtp_stats s;
	double burst;

	/* Out of order they are early or late, which is not what is asked here. */
	rtp_stats_begin(&s, 500 * MS);
	for (size_t k = 0; orders[i].order[k]; k++)
		put(&s, base, orders[i].order[k] - 'a', 20.0 * (double)k);
	rtp_stats_end(&s);
	burst = rtp_stats_burst_ratio(&s);
	ok(rtp_stats_lost(&s) == orders[i].lost && s.duplicate == orders[i].duplicate &&
		   s.reordered == orders[i].reordered &&
		   fabs(burst - orders[i].burst) < 0.001,
	   "%s, %s: %llu lost, %u twice, %u out of place, bursts %.3f", orders[i].name,
	   where, (unsigned long long)rtp_stats_lost(&s), s.duplicate, s.reordered,
	   burst);
}

static void test_orders(void)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		order_run(i, 100, "in the middle of the numbers");
		order_run(i, 65533, "where they begin anew");
	}
}

/* Uniform delay of 0 to 2J: the differences' mean is 2J/3. */
static void test_jitter(void)
{
	for (int jitter_ms = 0; jitter_ms <= 20; jitter_ms += 4) {
		struct rtp_stats s;
		double want = 2.0 * jitter_ms / 3, got;

		begin(&s);
		seed = 3;
		for (int n = 0; n < 5000; n++)
			put(&s, 9, n,
			    20.0 * n + 2.0 * jitter_ms * (chance(10001) / 10000.0));
		got = (double)rtp_stats_jitter_ns(&s) / MS;
		ok(fabs(got - want) < 0.05 * want + 0.001,
		   "+-%d ms: jitter %.3f ms (%.3f)", jitter_ms, got, want);
		is_int((long long)rtp_stats_lost(&s), 0, "… and nothing lost");
	}
}

/* RFC 3550 6.4.1 by hand: 16ths of each difference. */
static void test_jitter_by_hand(void)
{
	struct rtp_stats s;

	begin(&s);
	is_int(rtp_stats_jitter_ns(&s), -1, "no packet, no jitter");
	put(&s, 9, 0, 0);
	is_int(rtp_stats_jitter_ns(&s), -1, "nor with one");
	put(&s, 9, 1, 36);
	ok(fabs(s.jitter_ns / MS - 1.0) < 1e-6, "16 ms late: 1 ms");
	put(&s, 9, 2, 40);
	ok(fabs(s.jitter_ns / MS - (1 + (16 - 1) / 16.0)) < 1e-6, "16 early: 1.9375 ms");
	ok(fabs((double)rtp_stats_jitter_ns(&s) / MS - (1 + 1.9375) / 2) < 1e-5,
	   "their mean");
}

static struct rtp_packet packet(uint16_t sequence, uint32_t timestamp)
{
	return (struct rtp_packet){
		.sequence = sequence, .timestamp = timestamp, .ssrc = 1};
}

/* One packet that is not as those before; 50 on both sides of it, 20 ms apart. */
static const struct {
	const char *name;
	uint32_t leap; /* of the timestamp */
	bool ssrc, type, marker;
	unsigned discontinuities;
} restarts[] = {
	{"a timestamp that leaps by 2^31 - 1", 2147483647, false, false, false, 1},
	{"… by 10 s", 80000, false, false, false, 1},
	{"… back by 10 s", (uint32_t)-80000, false, false, false, 1},
	{"another source", 123456789, true, false, false, 1},
	{"another payload type, another clock", 4000, false, true, false, 1},
	{"a marker, with a pause of 0.4 s that was none", 3200, false, false, true, 0},
	{"nothing at all", 0, false, false, false, 0},
};

static void test_restarts(void)
{
	for (size_t i = 0; i < sizeof(restarts) / sizeof(restarts[0]); i++) {
		struct rtp_stats s;
		bool fresh = false, told = false;

		begin(&s);
		for (int n = 0; n < 100; n++) {
			bool after = n >= 50;
			struct rtp_packet p = packet(
				(uint16_t)(65500 + n),
				160U * (uint32_t)n + (after ? restarts[i].leap : 0));

			p.ssrc += after && restarts[i].ssrc;
			p.type = after && restarts[i].type ? 8 : 0;
			p.marker = n == 50 && restarts[i].marker;
			rtp_stats_packet(&s, &p, 20 * MS * n, false, &fresh);
			told |= fresh;
		}
		rtp_stats_end(&s);
		ok(s.discontinuities == restarts[i].discontinuities &&
			   told == !!restarts[i].discontinuities && s.jitter_max_ns < 1 &&
			   !s.discarded && !rtp_stats_lost(&s) &&
			   rtp_stats_due(&s) == 100,
		   "%s: %u discontinuities, jitter at most %.3f ms, %u discarded",
		   restarts[i].name, s.discontinuities, s.jitter_max_ns / MS,
		   s.discarded);
	}
}

/* Telephone-events stand still in time: no jitter of theirs, but loss. */
static void test_events(void)
{
	struct rtp_stats s;

	begin(&s);
	for (int n = 0; n < 60; n++) {
		bool event = n >= 20 && n < 30;
		struct rtp_packet p =
			packet((uint16_t)n, 160U * (uint32_t)(event ? 20 : n));

		p.type = event ? 101 : 0;
		if (n != 25)
			rtp_stats_packet(&s, &p, 20 * MS * n, event, NULL);
	}
	rtp_stats_end(&s);
	ok(s.jitter_max_ns < 1 && s.events == 9 && rtp_stats_lost(&s) == 1 &&
		   !s.discontinuities && !s.discarded,
	   "events are in the loss and not in the jitter");
}

/* Later than the quickest by more than the buffer: thrown away, and a run of losses. */
static void test_buffer(void)
{
	struct rtp_stats s;

	begin(&s);
	for (int n = 0; n < 100; n++)
		put(&s, 5, n, 20.0 * n + (n % 10 == 5 ? 41 : n % 10 == 7 ? 40 : 0));
	rtp_stats_end(&s);
	is_int(s.discarded, 10, "41 ms late is too late for 40, 40 is not");
	is_int((long long)rtp_stats_lost(&s), 0, "discarded is not lost");
	is_int(s.missing, 10, "but missing when it is played");

	begin(&s);
	for (int n = 0; n < 200; n++)
		put(&s, 5, n, 20.0 * n + (n >= 100 ? 70 : 0));
	ok(s.discarded == 25 && s.discontinuities == 1,
	   "late for good: a buffer sets itself to it after half a second");
}

/* Numbers that no sender can have come to: noise, and a sender that begins anew. */
static void test_leaps(void)
{
	struct rtp_stats s;
	struct rtp_packet p = packet(40000, 160 * 50);

	begin(&s);
	for (int n = 0; n < 50; n++)
		put(&s, 100, n, 20.0 * n);
	is_int(rtp_stats_packet(&s, &p, 1000 * MS, false, NULL), RTP_ARRIVAL_LEAP,
	       "one odd number is not believed");
	is_int(put(&s, 100, 50, 1001), RTP_ARRIVAL_NEW, "and does no harm");
	for (int n = 0; n < 50; n++)
		put(&s, 30000, n + 51, 1020 + 20.0 * n);
	rtp_stats_end(&s);
	ok(s.discontinuities == 1 && rtp_stats_lost(&s) == 0 && rtp_stats_due(&s) == 100,
	   "two that follow each other are: nothing lost but the first (%llu of %llu)",
	   (unsigned long long)rtp_stats_lost(&s), (unsigned long long)rtp_stats_due(&s));

	begin(&s);
	put(&s, 100, 0, 0);
	put(&s, 100, 1, 20);
	put(&s, 100, 501, 10020);
	rtp_stats_end(&s);
	is_int((long long)rtp_stats_lost(&s), 499, "ten silent seconds are a loss");
	is_int(s.gap_ns / MS, 10000, "and the longest gap");
	is_int(rtp_stats_highest(&s), 601, "the highest number");
}

/* 200,000 packets with 5 % lost and 3 % twice: the numbers come round three times. */
static void test_long(void)
{
	unsigned lost = 0, twice = 0;
	struct rtp_stats s;

	begin(&s);
	seed = 11;
	for (int n = 0; n < 200000; n++) {
		if (n && n < 199999 && chance(20) == 0) {
			lost++;
			continue;
		}
		put(&s, 7, n, 20.0 * n);
		if (chance(33) == 0) {
			put(&s, 7, n, 20.0 * n + 3);
			twice++;
		}
	}
	rtp_stats_end(&s);
	is_int((long long)rtp_stats_lost(&s), lost, "all losses of 200,000");
	is_int(s.duplicate, twice, "all copies");
	is_int(s.missing, lost, "all of them missing when played");
	ok(rtp_stats_burst_ratio(&s) < 1.02, "random loss has a burst ratio of 1 (%.3f)",
	   rtp_stats_burst_ratio(&s));
	is_int(rtp_stats_highest(&s), 7 + 199999, "three cycles up");
}

int main(void)
{
	test_orders();
	test_jitter();
	test_jitter_by_hand();
	test_restarts();
	test_events();
	test_buffer();
	test_leaps();
	test_long();
	return tap_done();
}

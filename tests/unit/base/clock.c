/* Stamps of the wall clock, on the monotonic one, whatever sets the former. */
#include "base/clock.h"

#include "tests/unit/tap.h"

#define MS CLOCK_NS_PER_MS

/* In ms. The socket was read at 1000 last, when the wall clock was 500 ahead. */
static const struct {
	const char *what;
	int64_t now, ahead; /* the wall clock is ahead by so much at the read */
	int64_t stamp;	    /* on the wall clock */
	int64_t want;
} stamps[] = {
	{"read at once", 1200, 500, 1700, 1200},
	{"read late", 9000, 500, 1700, 1200},
	{"a step forward meanwhile", 9000, 70500, 1700, 1200},
	{"a step back meanwhile", 9000, -70500, 1700, 1200},
	{"a small step back: before it", 9000, 282, 1700, 1200},
	{"a small step forward: before it", 9000, 700, 1700, 1200},
	{"just come, after a step back", 9000, -245, 8754, 8999},
	{"the clock only drifts: as it is", 9000, 490, 1700, 1210},
	{"stamped after the step", 9000, 70500, 71700, 1200},
	{"stamped after a step back", 9000, -70500, -69300, 1200},
	{"in the future by two looks at one clock", 1200, 500, 1701, 1200},
	{"before the last read: at it", 1200, 500, 1400, 1000},
	{"from another age: now", 1200, 500, 900000, 1200},
};

static void test_stamps(void)
{
	const struct clock_stamps before = {500 * MS, 1000 * MS};

	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		const struct clock_pair now = {stamps[i].now * MS,
					       (stamps[i].now + stamps[i].ahead) * MS};

		is_int(clock_of_stamp_ns(&before, &now, stamps[i].stamp * MS) / MS,
		       stamps[i].want, stamps[i].what);
	}
}

static void test_read(void)
{
	struct clock_stamps s = {0};
	const struct clock_pair now = {1000, 1700};

	clock_stamps_read(&s, &now, false);
	is_int(s.offset_ns, 700, "how far the wall clock is ahead");
	is_int(s.since_ns, 0, "more may have come before");
	clock_stamps_read(&s, &now, true);
	is_int(s.since_ns, 1000, "all that came before was read");
}

static void test_begin(void)
{
	struct clock_stamps s = clock_stamps_begin();
	struct clock_pair now = clock_look();
	int64_t at_ns = clock_of_stamp_ns(&s, &now, now.wall_ns);

	ok(at_ns >= s.since_ns && at_ns <= now.now_ns, "a new socket's stamp is as new");
}

/* Off by a tick of the kernel's at most, unless we are put off between two looks. */
static void test_glance(void)
{
	struct clock_stamps s = clock_stamps_begin();
	struct clock_pair seen = clock_glance();

	for (int looks = 0; clock_stamps_is_set(&s, &seen) && looks < 100; looks++)
		seen = clock_glance();
	ok(!clock_stamps_is_set(&s, &seen), "at a glance no clock was set");
	ok(seen.now_ns <= clock_monotonic_ns(), "and none is ahead");
	s.offset_ns += 70 * CLOCK_NS_PER_MS;
	ok(clock_stamps_is_set(&s, &seen), "that one was is seen");
}

int main(void)
{
	test_glance();
	test_stamps();
	test_read();
	test_begin();
	return tap_done();
}

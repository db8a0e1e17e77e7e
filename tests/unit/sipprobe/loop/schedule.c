/* Phases, grids and first due times: pure functions of numbers. */
#include "base/clock.h"
#include "sipprobe/loop/schedule.h"
#include "tests/unit/tap.h"

enum { NAMES = 10000, BINS = 20 };

static uint32_t phase_of(int i)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "trunk-%05d", i);
	return schedule_phase(name, "192.0.2.1:5060", "OPTIONS");
}

static void test_phase(void)
{
	int bins[BINS] = {0};
	int low = NAMES, high = 0;

	for (int i = 0; i < NAMES; i++)
		bins[(uint64_t)phase_of(i) * BINS >> 32]++;
	for (int i = 0; i < BINS; i++) {
		low = bins[i] < low ? bins[i] : low;
		high = bins[i] > high ? bins[i] : high;
	}
	ok(low > 400 && high < 600, "10,000 names: 500 a twentieth, found %d to %d", low,
	   high);
	ok(schedule_phase("ab", "c", "O") != schedule_phase("a", "bc", "O"),
	   "names do not run into each other");
	is_int(schedule_phase("isp-a", "192.0.2.1:5060", "OPTIONS"), 2590828601,
	       "a phase is a promise: the same in every version");
}

static void test_grid(void)
{
	struct schedule s = {.offset_ns = 1700000000LL * CLOCK_NS_PER_S + 7};
	int64_t interval_ns = 30 * CLOCK_NS_PER_S;
	int64_t at_ns = 5;
	int drift = 0;

	for (int i = 0; i < 1000; i++) {
		int64_t due_ns = schedule_grid_ns(&s, 1U << 31, interval_ns, at_ns);
		int64_t wall_ns = due_ns + s.offset_ns;

		drift += wall_ns % interval_ns != interval_ns / 2;
		drift += due_ns < at_ns || due_ns >= at_ns + interval_ns;
		/* Begun a little late, and asked again from half an interval on. */
		at_ns = due_ns + 3 * CLOCK_NS_PER_MS + interval_ns / 2;
	}
	is_int(drift, 0, "1,000 intervals, each begun late: no drift");
}

/* To the nanosecond: a due time that is now is now. */
static void test_grid_edges(void)
{
	static const struct {
		uint32_t phase;
		int64_t offset_ns, from_ns, want_ns;
	} rows[] = {
		{0, 0, 20, 20},
		{0, 0, 21, 30},
		{0, 0, 29, 30},
		{1U << 31, 0, 25, 25},
		{1U << 31, 0, 26, 35},
		{1U << 31, 0, 24, 25},
		{0, 3, 20, 27},
		{0, 3, 17, 17},
		{0, 3, 18, 27},
		{1U << 30, 0, 100, 102},
		{UINT32_MAX, 0, 100, 109},
		{UINT32_MAX, 0, 110, 119},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct schedule s = {.offset_ns = rows[i].offset_ns};

		is_int(schedule_grid_ns(&s, rows[i].phase, 10, rows[i].from_ns),
		       rows[i].want_ns, "a place on the grid");
	}
}

/* 5,000 a second, and a second at least. */
static void test_start(void)
{
	static const struct {
		size_t targets;
		int64_t want_ns;
	} rows[] = {{0, CLOCK_NS_PER_S},
		    {4999, CLOCK_NS_PER_S},
		    {5000, CLOCK_NS_PER_S},
		    {5001, CLOCK_NS_PER_S + CLOCK_NS_PER_S / 5000},
		    {100000, 20 * CLOCK_NS_PER_S}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_int(schedule_start_ns(rows[i].targets), rows[i].want_ns,
		       "a start takes");
	is_int(schedule_first_ns(0, CLOCK_NS_PER_S, 1, 77), 77,
	       "the first of all is now");
	is_int(schedule_first_ns(1U << 31, 4 * CLOCK_NS_PER_S, 1, 77),
	       77 + CLOCK_NS_PER_S / 2, "one in the middle of the start");
	is_int(schedule_first_ns(1U << 31, CLOCK_NS_PER_S / 10, 1, 77),
	       77 + CLOCK_NS_PER_S / 20, "or of an interval that is shorter");
}

static void test_first(void)
{
	int64_t last_ns = 0;

	for (int i = 0; i < 1000; i++) {
		int64_t at_ns = schedule_first_ns(phase_of(i), 30 * CLOCK_NS_PER_S, 3, 0);

		last_ns = at_ns > last_ns ? at_ns : last_ns;
	}
	ok(last_ns < CLOCK_NS_PER_S, "few targets: all within a second");
	ok(schedule_first_ns(UINT32_MAX, 30 * CLOCK_NS_PER_S, 50000, 0) >
		   9 * CLOCK_NS_PER_S,
	   "50,000 targets: over ten seconds");
	ok(schedule_first_ns(UINT32_MAX, CLOCK_NS_PER_S / 10, 50000, 0) <=
		   CLOCK_NS_PER_S / 10,
	   "never longer than the interval");
}

int main(void)
{
	test_phase();
	test_grid();
	test_grid_edges();
	test_start();
	test_first();
	return tap_done();
}

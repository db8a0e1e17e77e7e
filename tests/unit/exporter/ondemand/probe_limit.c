/* How often people may have a trunk probed. */
#include "base/clock.h"
#include "exporter/ondemand/probe_limit.h"
#include "tests/unit/tap.h"

#define BEGUN_NS (1000 * CLOCK_NS_PER_S)

static bool take(struct probe_limit *l, const char *name, int64_t at_ms)
{
	return probe_limit_take(l, name, BEGUN_NS + at_ms * CLOCK_NS_PER_MS);
}

static void test_same(void)
{
	struct probe_limit l = {0};

	ok(take(&l, "a", 0), "the first");
	ok(!take(&l, "a", 2999), "not again within three seconds");
	ok(take(&l, "b", 2999), "another one");
	ok(take(&l, "a", 3000), "then again");
	ok(!take(&l, "a", 3001), "and not");
}

static void test_many(void)
{
	struct probe_limit l = {0};
	char name[8];
	int taken = 0;

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		taken += take(&l, name, 0);
	}
	is_int(taken, PROBE_LIMIT_BURST, "so many at once");
	ok(!take(&l, "x", 999) && take(&l, "x", 1000), "one more after a second");
	ok(!take(&l, "y", 1001), "and no second one");
	taken = 0;
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		taken += take(&l, name, 3600000);
	}
	is_int(taken, PROBE_LIMIT_BURST, "an hour saves no more than the burst");
	ok(!take(&l, "u0", 3600000 + 2900), "and the first is still known");
}

int main(void)
{
	test_same();
	test_many();
	return tap_done();
}

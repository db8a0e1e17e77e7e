/* A trunk that is paused, for good or until a time of the wall clock. */
#include "base/date.h"
#include "sipprobe/trunk/trunk_pause.h"
#include "tests/unit/sipprobe/trunk/trunks.h"

static void test_paused(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    ", \"interval\": \"5s\", \"timeout\": \"1s\", \"paused\": true, "
		    "\"expect_inbound\": \"10s\"",
		    TWO);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "trunk isp, 0/0, paused, 0/2", "resolved");
	pass_ms(50000);
	is_int(fixture_drain(&ts.f), 0, "and not probed");
	is_str(told(&ts), "", "nor judged by its peer's pings");
	ok(!trunk_heartbeat(ts.trunk), "which nobody expects");
	trunks_close(&ts);
}

static bool calloc_fails;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return calloc_fails ? NULL : __real_calloc(n, size);
}

/* The wall clock is set to so many seconds after what it was. */
static void set_wall(struct trunks *ts, int64_t s)
{
	virtual_wall_set_ns = s * CLOCK_NS_PER_S;
	trunk_review_pause(ts->trunk);
}

static void paused_open(struct trunks *ts, int64_t until_s, const char *more)
{
	char settings[256], date[DATE_BYTES];

	(void)snprintf(settings, sizeof(settings),
		       ", \"interval\": \"5s\", \"timeout\": \"1s\", \"fall\": 1, "
		       "\"rise\": 1, \"paused\": \"until %s\"%s",
		       date_print(date, until_s), more);
	trunks_open(ts, "sip:127.0.0.1:%u", settings, "");
}

static void test_paused_until(void)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	struct trunks ts;

	paused_open(&ts, now_s + 3600, ", \"expect_inbound\": \"10s\"");
	loop_until(has_targets, &ts);
	is_str(told(&ts), "trunk isp, 0/0, paused until, 0/1", "it begins paused");
	is_int(ts.until_s, now_s + 3600, "until then");
	pass_ms(50000);
	is_int(fixture_drain(&ts.f), 0, "and is not probed");
	set_wall(&ts, 3590);
	is_str(told(&ts), "", "nor just before");
	set_wall(&ts, 3600);
	is_str(told(&ts), "on, pinged, 0/1", "at its time it goes on");
	is_int(ts.until_s, 0, "without an end to tell");
	ok(trunk_heartbeat(ts.trunk), "with pings expected from now on");
	pass_ms(5000);
	ok(fixture_drain(&ts.f) > 0, "within an interval it is asked");
	probe(&ts, 0, "200 OK");
	is_int(ts.trunk->state, HEALTH_UP, "and its state known");
	(void)told(&ts);
	set_wall(&ts, 7200);
	is_str(told(&ts), "", "once");
	set_wall(&ts, 0);
	is_str(told(&ts), "remove, paused until, 0/1",
	       "a clock that is set back brings it back");
	is_int(ts.trunk->state, HEALTH_UNKNOWN, "without a state");
	ok(!trunk_heartbeat(ts.trunk), "or pings expected");
	fixture_drain(&ts.f);
	pass_ms(50000);
	is_int(fixture_drain(&ts.f), 0, "and not probed");
	set_wall(&ts, 3600);
	is_str(told(&ts), "on, pinged, 0/1", "and on again");
	set_wall(&ts, 0);
	trunks_close(&ts);
}

/* All of its targets are others then; a name that fails to resolve is told. */
static void test_paused_name(void)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	char settings[128], date[DATE_BYTES];
	int64_t begun_ns;
	struct trunks ts;

	(void)snprintf(settings, sizeof(settings),
		       ", \"family\": \"ipv4\", \"fall\": 1, \"paused\": \"until %s\"",
		       date_print(date, now_s + 3600));
	trunks_open(&ts, "sip:isp.test:%u", settings, TWO);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "trunk isp, 0/0, paused until, 0/2", "two addresses, paused");
	pass_ms(10000);
	set_wall(&ts, 3600);
	is_str(told(&ts), "on, 0/2", "two others that are not");
	begun_ns = virtual_now_ns;
	for (unsigned i = 0; i < 2; i++)
		probe(&ts, i, "200 OK");
	is_str(told(&ts), "1/2, unknown>up by 127.0.0.1 OPTIONS, 2/2", "are probed");
	ok(ts.changed_ns - begun_ns < CLOCK_NS_PER_S && ts.held_ns < CLOCK_NS_PER_S,
	   "and nothing was known since it went on, not since it began");
	set_wall(&ts, 0);
	is_str(told(&ts), "remove, remove, paused until, 0/2", "both go again");
	virtual_wall_set_ns = 0;
	trunks_close(&ts);

	trunks_open(&ts, "sip:isp.test:%u", settings, "");
	zone_answer_all(ts.zone);
	is_str(told(&ts), "trunk isp, 0/0, paused until, dns: isp.test A: NXDOMAIN",
	       "no address, of which a paused trunk is not down");
	set_wall(&ts, 3600);
	is_str(told(&ts), "on, 0/0, unknown>down", "but it is once it goes on");
	is_int(ts.by_pings, 0, "and not by its peer's pings");
	virtual_wall_set_ns = 0;
	trunks_close(&ts);
}

/* Without memory to turn, the next review tries again. */
static void test_paused_without_memory(void)
{
	struct trunks ts;

	paused_open(&ts, clock_wall_ns() / CLOCK_NS_PER_S + 3600, "");
	loop_until(has_targets, &ts);
	(void)told(&ts);
	calloc_fails = true;
	set_wall(&ts, 3600);
	calloc_fails = false;
	is_str(told(&ts), "", "it stays as it was");
	ok(ts.trunk->owner.paused, "paused");
	set_wall(&ts, 3600);
	is_str(told(&ts), "on, 0/1", "until there is");
	set_wall(&ts, 0);
	trunks_close(&ts);
}

/* A reload says something else of a pause, or the same. */
static void test_paused_moved(void)
{
	static const struct {
		const char *paused;
		const char *told;
		const char *name;
	} moves[] = {
		{"\"until 2999-01-01T00:00Z\"", "move, paused until", "a later end"},
		{"\"until 2999-01-01T01:00+01:00\"", "move", "the same in other words"},
		{"true", "move, paused", "no end"},
		{"true", "move", "the same"},
		{"\"until 2998-01-01T00:00Z\"", "move, paused until", "an end"},
	};
	struct config *conf[sizeof(moves) / sizeof(*moves)];
	struct trunks ts;

	paused_open(&ts, clock_wall_ns() / CLOCK_NS_PER_S + 3600, "");
	loop_until(has_targets, &ts);
	(void)told(&ts);
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		conf[i] = fixture_config(
			"{\"trunks\": [{\"name\": \"isp\", \"uri\": \"%s\", "
			"\"interval\": \"5s\", \"timeout\": \"1s\", \"fall\": 1, "
			"\"rise\": 1, \"paused\": %s}]}",
			ts.f.config->trunks[0].uri, moves[i].paused);
		ok(config_trunk_equal(trunk_conf(ts.trunk), conf[i]->trunks),
		   "%s: the trunk is the same", moves[i].name);
		trunk_move(ts.trunk, conf[i]->trunks);
		is_str(told(&ts), moves[i].told, moves[i].name);
	}
	trunks_close(&ts);
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++)
		config_free(conf[i]);
}

static void test_pause_left(void)
{
	static const struct {
		bool on;
		int64_t until_s; /* from now */
		int64_t least_ms, most_ms;
		const char *name;
	} cases[] = {
		{false, 10, INT64_MAX, INT64_MAX, "none"},
		{true, 0, INT64_MAX, INT64_MAX, "one without an end"},
		{true, 10, 5000, 5000, "far away"},
		{true, 3, 1500, 3000, "near"},
		{true, 250000000000, 5000, 5000, "as far away as a date can be"},
		{true, -10, 5000, 5000, "past: a clock may be set back"},
	};
	struct config_settings settings = {0};
	const struct config_trunk conf = {.name = "a", .settings = &settings};
	const struct trunk t = {.owner.conf = &conf};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t left_ns, now_s = clock_wall_ns() / CLOCK_NS_PER_S;

		settings.pause.on = cases[i].on;
		settings.pause.until_s = cases[i].until_s ? now_s + cases[i].until_s : 0;
		left_ns = trunk_pause_left_ns(&t, 5 * CLOCK_NS_PER_S);
		if (cases[i].least_ms == INT64_MAX)
			is_int(left_ns, INT64_MAX, cases[i].name);
		else
			ok(left_ns >= cases[i].least_ms * CLOCK_NS_PER_MS &&
				   left_ns <= cases[i].most_ms * CLOCK_NS_PER_MS,
			   "%s", cases[i].name);
	}
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_paused,	   test_paused_until,
		test_paused_name,  test_paused_without_memory,
		test_paused_moved, test_pause_left,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

/* Limits of calls: windows that slide, and a ring that grows with the limits. */
#include "sipprobe/call/call_caps.h"

#include "base/clock.h"
#include "sipprobe/loop/compat.h"
#include "tests/unit/tap.h"

#define MINUTE (60 * CLOCK_NS_PER_S)
#define HOUR   (60 * MINUTE)

static struct call_caps *caps_with(unsigned at_once, unsigned per_hour, unsigned per_day)
{
	const struct config_calls limits = {
		.allowed = true,
		.max_concurrent = at_once,
		.max_per_hour = per_hour,
		.max_per_day = per_day,
	};
	struct call_caps *c;

	if (call_caps_alloc(&c) || call_caps_set(c, &limits))
		return NULL;
	return c;
}

/* Calls at so many minutes, and whether the last of them may be made. */
static const struct {
	const char *name;
	unsigned per_hour, per_day;
	int minutes[6];
	bool may;
} rows[] = {
	{"the first", 2, 10, {0, -1}, true},
	{"the second of two an hour", 2, 10, {0, 1, -1}, true},
	{"the third within the hour", 2, 10, {0, 1, 59, -1}, false},
	{"the third an hour after the first", 2, 10, {0, 1, 60, -1}, true},
	{"no turn of an hour doubles them", 2, 10, {58, 59, 61, -1}, false},
	{"the fourth of three a day", 100, 3, {0, 100, 200, 300, -1}, false},
	{"and a day after the first", 100, 3, {0, 100, 200, 1440, -1}, true},
	{"a day's limit below the hour's", 5, 2, {0, 1, 2, -1}, false},
};

static void test_windows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_caps *c = caps_with(5, rows[i].per_hour, rows[i].per_day);
		const char *why = "";

		for (int k = 0; rows[i].minutes[k] >= 0; k++) {
			int64_t now_ns = 5 * HOUR + rows[i].minutes[k] * MINUTE;

			why = call_caps_refusal(c, now_ns);
			if (!why)
				call_caps_count(c, now_ns);
		}
		ok(!why == rows[i].may, "%s: %s", rows[i].name, why ? why : "may");
		mem_deref(c);
	}
}

static void test_reload(void)
{
	struct config_calls limits = {.allowed = true,
				      .max_concurrent = 5,
				      .max_per_hour = 100,
				      .max_per_day = 100};
	struct call_caps *c = caps_with(5, 3, 3);

	for (int i = 0; i < 3; i++)
		call_caps_count(c, HOUR + i);
	ok(call_caps_refusal(c, HOUR + 3) != NULL, "three of three");
	is_int(call_caps_set(c, &limits), 0, "a wider limit");
	ok(!call_caps_refusal(c, HOUR + 4), "lets more through");
	for (int i = 0; i < 97; i++)
		call_caps_count(c, HOUR + 5);
	ok(call_caps_refusal(c, HOUR + 6) != NULL, "what was made before counts");
	limits.max_per_hour = 2;
	is_int(call_caps_set(c, &limits), 0, "a narrower one");
	ok(call_caps_refusal(c, HOUR + 6) != NULL, "holds at once");
	ok(call_caps_refusal(c, 2 * HOUR + 30 * MINUTE) != NULL, "and for the day");
	ok(!call_caps_refusal(c, 26 * HOUR), "and no longer");
	limits.allowed = false;
	is_int(call_caps_set(c, &limits), 0, "no calls");
	is_str(call_caps_refusal(c, 50 * HOUR), "no calls are allowed", "none");
	mem_deref(c);
}

/* A wider limit begins with the calls that were made, each at its time. */
static void test_growth(void)
{
	struct config_calls limits = {.allowed = true,
				      .max_concurrent = 5,
				      .max_per_hour = 1,
				      .max_per_day = 100};
	struct call_caps *c = caps_with(5, 2, 2);

	/* The first two are forgotten, as two are all that a day may have. */
	for (int i = 0; i < 4; i++)
		call_caps_count(c, HOUR + i * 25 * MINUTE);
	is_int(call_caps_set(c, &limits), 0, "room for more");
	ok(call_caps_refusal(c, HOUR + 134 * MINUTE) != NULL, "the last was at 75");
	ok(!call_caps_refusal(c, HOUR + 135 * MINUTE), "and that is an hour ago");
	limits.max_per_hour = 2;
	is_int(call_caps_set(c, &limits), 0, "two an hour");
	ok(call_caps_refusal(c, HOUR + 109 * MINUTE) != NULL, "the one before it at 50");
	ok(!call_caps_refusal(c, HOUR + 110 * MINUTE), "and that, too");
	limits.max_per_hour = 3;
	is_int(call_caps_set(c, &limits), 0, "three an hour");
	ok(!call_caps_refusal(c, HOUR + 76 * MINUTE), "no call counts twice");
	mem_deref(c);
}

static void test_at_once(void)
{
	struct call_caps *c = caps_with(2, 100, 100);
	struct call_caps *none;

	ok(!call_caps_crowd(c, 1), "one is open");
	is_str(call_caps_crowd(c, 2), "calls.max_concurrent calls are open", "two are");
	mem_deref(c);
	is_int(call_caps_alloc(&none), 0, "before a configuration");
	is_str(call_caps_refusal(none, HOUR), "no calls are allowed", "none");
	call_caps_count(none, HOUR);
	mem_deref(none);
}

int main(void)
{
	test_windows();
	test_reload();
	test_growth();
	test_at_once();
	return tap_done();
}

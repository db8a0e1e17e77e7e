/* Due times of a target: by its state, its result and the time alone. */
#include <limits.h>

#include "sipprobe/target/probers.h"
#include "sipprobe/target/target_schedule.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define S  CLOCK_NS_PER_S
#define US 1000000LL

static const struct config_register registration = {.interval_us = 300 * US};
static int64_t due_at_ns; /* what the prober below says */

static int64_t due_h(const struct target *t)
{
	(void)t;
	return due_at_ns;
}

static const struct prober probers[] = {
	{.method = "OPTIONS"},
	{.method = "REGISTER", .due_ns = due_h},
};

/*
 * The grid: with phase 0 and no offset of the wall clock, whole multiples of the interval
 * from a begin at 1000 s on, which is one of 10 s and of 20 s.
 */
static const struct {
	const char *name;
	enum health_state state;
	enum probe_verdict verdict;
	bool refused;
	int interval_s, down_s;
	enum probe_outcome outcome;
	unsigned code;
	int retry_after_s;
	int due_s; /* of the prober; 0: it has none */
	int want_s;
	int most_s; /* of retry_after_max */
} cases[] = {
	{"up: the interval", HEALTH_UP, PROBE_UP, 0, 20, 10, PROBE_RESPONSE, 200, -1, 0,
	 1020},
	{"up, a failure: sooner", HEALTH_UP, PROBE_DOWN, 0, 20, 10, PROBE_TIMEOUT, 0, -1,
	 0, 1010},
	{"down: sooner", HEALTH_DOWN, PROBE_DOWN, 0, 20, 10, PROBE_TIMEOUT, 0, -1, 0,
	 1010},
	{"down, a success: sooner still", HEALTH_DOWN, PROBE_UP, 0, 20, 10,
	 PROBE_RESPONSE, 200, -1, 0, 1010},
	{"degraded: the interval", HEALTH_DEGRADED, PROBE_DEGRADED, 0, 20, 10,
	 PROBE_RESPONSE, 486, -1, 0, 1020},
	{"unknown, a failure: sooner", HEALTH_UNKNOWN, PROBE_DOWN, 0, 20, 10,
	 PROBE_TIMEOUT, 0, -1, 0, 1010},
	{"no down_interval", HEALTH_DOWN, PROBE_DOWN, 0, 20, 0, PROBE_TIMEOUT, 0, -1, 0,
	 1020},
	{"a down_interval that is longer", HEALTH_DOWN, PROBE_DOWN, 0, 20, 40,
	 PROBE_TIMEOUT, 0, -1, 0, 1020},
	{"refused credentials: never faster", HEALTH_DOWN, PROBE_DOWN, 1, 20, 10,
	 PROBE_AUTH, 401, -1, 0, 1020},

	{"Retry-After: as long as it says", HEALTH_UP, PROBE_DOWN, 0, 20, 10,
	 PROBE_RESPONSE, 503, 65, 0, 1070, 100},
	{"but no later than by so much", HEALTH_UP, PROBE_DOWN, 0, 20, 10, PROBE_RESPONSE,
	 503, 900, 0, 1030, 20},
	{"than at its pace", HEALTH_DEGRADED, PROBE_DEGRADED, 0, 20, 10, PROBE_RESPONSE,
	 503, 900, 0, 1040, 20},
	{"one that its pace keeps anyhow", HEALTH_UP, PROBE_DOWN, 0, 20, 10,
	 PROBE_RESPONSE, 503, 7, 0, 1010, 20},
	{"none is kept", HEALTH_UP, PROBE_DOWN, 0, 20, 10, PROBE_RESPONSE, 503, 65, 0,
	 1010, 0},
	{"the longest that there is", HEALTH_UP, PROBE_DOWN, 0, 20, 10, PROBE_RESPONSE,
	 503, INT_MAX, 0, 1030, 20},
	{"Retry-After of another code", HEALTH_UP, PROBE_DOWN, 0, 20, 10, PROBE_RESPONSE,
	 500, 65, 0, 1010, 20},
	{"Retry-After 0", HEALTH_UP, PROBE_DOWN, 0, 20, 10, PROBE_RESPONSE, 503, 0, 0,
	 1010, 20},
	{"Retry-After without a response", HEALTH_UP, PROBE_DOWN, 0, 20, 10,
	 PROBE_TIMEOUT, 503, 65, 0, 1010, 20},

	{"REGISTER: its own interval", HEALTH_UP, PROBE_UP, 0, 20, 10, PROBE_RESPONSE,
	 200, -1, 5000, 1200},
	{"REGISTER: due before that", HEALTH_UP, PROBE_UP, 0, 20, 10, PROBE_RESPONSE, 200,
	 -1, 1007, 1007},
	{"REGISTER: due already", HEALTH_UP, PROBE_UP, 0, 20, 10, PROBE_RESPONSE, 200, -1,
	 990, 1000},
	{"Retry-After of a second that its pace keeps", HEALTH_UP, PROBE_UP, 0, 20, 10,
	 PROBE_RESPONSE, 503, 1, 0, 1020, 100},
	{"REGISTER: due already, but told to wait a second", HEALTH_UP, PROBE_UP, 0, 20,
	 10, PROBE_RESPONSE, 503, 1, 990, 1100, 100},
	{"REGISTER: due just when it may", HEALTH_UP, PROBE_UP, 0, 20, 10, PROBE_RESPONSE,
	 503, 7, 1007, 1007, 20},
	{"one that is in time moves by all of the most", HEALTH_DEGRADED, PROBE_DEGRADED,
	 0, 20, 10, PROBE_RESPONSE, 503, 900, 0, 1050, 30},
	{"REGISTER: due after that", HEALTH_UP, PROBE_DOWN, 0, 20, 10, PROBE_TIMEOUT, 0,
	 -1, 1015, 1010},
	{"REGISTER: due, but told to wait", HEALTH_UP, PROBE_DOWN, 0, 20, 10,
	 PROBE_RESPONSE, 503, 65, 1007, 1070, 100},
	{"REGISTER: but no longer than so", HEALTH_UP, PROBE_DOWN, 0, 20, 10,
	 PROBE_RESPONSE, 503, 65, 1007, 1027, 20},
};

static void check_next(size_t i)
{
	struct config_settings s = {.interval_us = cases[i].interval_s * US,
				    .down_interval_us = cases[i].down_s * US,
				    .retry_after_max_us = cases[i].most_s * US,
				    .registration = &registration};
	struct services services = {.schedule = {0}};
	struct target_group group = {.services = &services};
	struct prober own_interval = probers[1];
	struct target t = {
		.group = &group,
		.settings = &s,
		.prober = cases[i].due_s ? &own_interval : &probers[0],
		.health = {.state = cases[i].state, .verdict = cases[i].verdict},
		.due_ns = 1000 * S,
		.begun_ns = 1000 * S,
		.refused = cases[i].refused,
	};
	struct probe_result r = probe_result_none();

	own_interval.interval_us = prober_register.interval_us;
	r.outcome = cases[i].outcome;
	r.code = cases[i].code;
	r.retry_after_s = cases[i].retry_after_s;
	due_at_ns = cases[i].due_s * S;
	is_int(target_schedule_next_ns(&t, &r, 1000 * S) / S, cases[i].want_s,
	       cases[i].name);
}

/* Credentials refused by a probe that was late itself: no sooner than any other. */
static void test_refused_late(void)
{
	const struct config_settings s = {.interval_us = 20 * US,
					  .down_interval_us = 10 * US,
					  .fall = 1,
					  .rise = 1};
	struct services services = {.schedule = {0}};
	struct target_group group = {.services = &services};
	const struct target t = {
		.group = &group,
		.settings = &s,
		.prober = &probers[0],
		.due_ns = 1000 * S,
		.begun_ns = 1030 * S,
		.refused = true,
	};
	const struct probe_result r = probe_result_none();

	is_int(target_schedule_next_ns(&t, &r, 1030 * S) / S, 1040, "refused and late");
}

/* Due times that have passed by are left out, and load stays where it was. */
static void test_grid(void)
{
	struct config_settings s = {.interval_us = 20 * US};
	struct services services = {.schedule = {.offset_ns = 7 * S}};
	struct target_group group = {.services = &services};
	struct target t = {
		.group = &group,
		.settings = &s,
		.prober = &probers[0],
		.phase = 1U << 31, /* half an interval */
		.health = {.state = HEALTH_UP},
		.begun_ns = 1003 * S,
	};
	struct probe_result r = probe_result_none();

	is_int(target_schedule_next_ns(&t, &r, 1004 * S) / S, 1023,
	       "on the grid of the wall clock, by its phase");
	t.begun_ns = 1012 * S;
	is_int(target_schedule_next_ns(&t, &r, 1012 * S) / S, 1023,
	       "begun late: the next is not late");
	t.begun_ns = 1014 * S;
	is_int(target_schedule_next_ns(&t, &r, 1014 * S) / S, 1043,
	       "no two within half an interval");
	is_int(target_schedule_next_ns(&t, &r, 1200 * S) / S, 1203,
	       "what passed by is not made up for");
	is_int(target_schedule_next_ns(&t, &r, 1043 * S) / S, 1043, "one that is now is");
	is_int(target_schedule_next_ns(&t, &r, 1052 * S) / S, 1052,
	       "nearly half an interval ago: at once");
	is_int(target_schedule_next_ns(&t, &r, 1053 * S) / S, 1063,
	       "half of it: not any more");
	is_int(target_schedule_next_ns(&t, &r, 1044 * S) / S, 1044,
	       "unless it did while the probe ran: as long as an interval, say");
}

/* Off the grid, as the first probe is: refused credentials wait for a whole interval. */
static void test_refused(void)
{
	struct config_settings s = {.interval_us = 20 * US, .down_interval_us = 10 * US};
	struct services services = {.schedule = {0}};
	struct target_group group = {.services = &services};
	struct target t = {
		.group = &group,
		.settings = &s,
		.prober = &probers[0],
		.health = {.state = HEALTH_DOWN, .verdict = PROBE_DOWN},
		.due_ns = 1009 * S,
		.begun_ns = 1009 * S + 1,
	};
	struct probe_result r = probe_result_none();

	r.outcome = PROBE_AUTH;
	is_int(target_schedule_next_ns(&t, &r, 1010 * S) / S, 1020, "else sooner");
	t.refused = true;
	is_int(target_schedule_next_ns(&t, &r, 1010 * S) / S, 1040, "refused");
	t.due_ns = 1040 * S;
	t.begun_ns = 1040 * S + 1;
	is_int(target_schedule_next_ns(&t, &r, 1041 * S) / S, 1060, "and no longer");
}

/* After the first probe, off the grid, the next is late: as much is left of the most. */
static void test_put_off_late(void)
{
	static const struct {
		int retry_after_s, most_s, want_s;
	} late[] = {{900, 20, 1032}, {900, 100, 1112}, {30, 100, 1052}, {900, 5, 1032}};
	struct services services = {.schedule = {0}};
	struct target_group group = {.services = &services};
	struct probe_result r = probe_result_none();

	r.outcome = PROBE_RESPONSE;
	r.code = 503;
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		struct config_settings s = {.interval_us = 20 * US,
					    .retry_after_max_us = late[i].most_s * US};
		struct target t = {
			.group = &group,
			.settings = &s,
			.prober = &probers[0],
			.phase = UINT32_MAX / 20 * 12, /* 12 s of 20 */
			.health = {.state = HEALTH_DEGRADED, .verdict = PROBE_DEGRADED},
			.due_ns = 1003 * S,
			.begun_ns = 1003 * S,
		};

		r.retry_after_s = late[i].retry_after_s;
		is_int((target_schedule_next_ns(&t, &r, 1003 * S) + S / 2) / S,
		       late[i].want_s, "put off by what is left of the most");
	}
}

static const struct {
	const char *settings;
	int interval_ms, timeout_ms, fall;
} paces[] = {
	{"\"interval\": \"30s\"", 30000, 5000, 3},
	{"\"interval\": \"30s\", \"fall\": 1", 30000, 5000, 1},
	{"\"interval\": \"2s\", \"timeout\": \"1s\", \"fall\": 2", 2000, 1000, 2},
	{"\"interval\": \"1s\", \"timeout\": \"800ms\", \"fall\": 2", 1000, 800, 2},
	{"\"interval\": \"1s\", \"timeout\": \"800ms\", \"fall\": 2, "
	 "\"down_interval\": \"1s\"",
	 1000, 800, 2},
	{"\"interval\": \"60s\", \"down_interval\": \"5m\"", 60000, 5000, 3},
	{"\"interval\": \"60s\", \"degraded_codes\": [], \"fall\": 5", 60000, 5000, 5},
};

/* How long a peer that asked for an hour of peace is silent until it is told. */
static int64_t silent_ms(const char *settings, int64_t offset_ns)
{
	struct fixture f;
	struct target *t;
	char text[256];
	int64_t from_ns, took_ns;

	(void)snprintf(text, sizeof(text), ", %s", settings);
	fixture_open(&f, CONFIG_TRANSPORT_UDP, text);
	f.services.schedule.offset_ns = offset_ns;
	t = fixture_target(&f, &prober_options);
	target_probe_now(t);
	pass_ns(WHEEL_TICK_NS);
	fixture_drain(&f);
	fixture_reply(&f, "503 Busy", "Retry-After: 3600\r\n");
	from_ns = virtual_now_ns;
	while (t->health.state != HEALTH_DOWN && virtual_now_ns - from_ns < 7200 * S)
		pass_ms(20);
	took_ns = virtual_now_ns - from_ns;
	mem_deref(t);
	fixture_close(&f);
	return took_ns / CLOCK_NS_PER_MS;
}

static void test_told(void)
{
	for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++) {
		int64_t most_ms = 0;

		for (int64_t k = 0; k < 10; k++) {
			int64_t ms = silent_ms(paces[i].settings,
					       k * paces[i].interval_ms *
						       CLOCK_NS_PER_MS / 10);

			if (ms > most_ms)
				most_ms = ms;
		}
		ok(most_ms <= (paces[i].fall + 1) * paces[i].interval_ms +
				      paces[i].timeout_ms + 20,
		   "%s: told after %lld ms", paces[i].settings, (long long)most_ms);
	}
}

static void test_first(void)
{
	struct config_settings s = {.interval_us = 20 * US};
	struct config_trunk conf = {.name = "isp", .settings = &s};
	struct target_owner owner = {.conf = &conf};
	struct services services = {.schedule = {0}};
	struct target_group group = {.services = &services};
	struct target t = {.group = &group,
			   .owner = &owner,
			   .settings = &s,
			   .prober = &prober_options};
	uint32_t number;
	int64_t few_ns, many_ns;

	if (registry_alloc(&services.registry))
		return;
	few_ns = target_schedule_first_ns(&t, "192.0.2.1:5060", 1000 * S) - 1000 * S;
	ok(few_ns >= 0 && few_ns < S, "one target: within a second");
	is_int(t.phase, schedule_phase("isp", "192.0.2.1:5060", "OPTIONS"),
	       "its phase is that of its names");
	for (int i = 0; i < 50000; i++)
		(void)registry_add(services.registry, &number, &t);
	many_ns = target_schedule_first_ns(&t, "192.0.2.1:5060", 1000 * S) - 1000 * S;
	ok(many_ns > 9 * few_ns && many_ns < 10 * S,
	   "50,000 of them: spread over ten seconds");
	mem_deref(services.registry);
}

static int64_t steady_us(const struct config_settings *s)
{
	return s->interval_us;
}

/* What costs money: no faster while it fails, and never twice in a row to catch up. */
static void test_steady(void)
{
	static const struct prober steady = {
		.method = "INVITE", .steady = true, .interval_us = steady_us};
	struct config_settings s = {.interval_us = 900 * US, .down_interval_us = 10 * US};
	struct config_trunk conf = {.name = "isp", .settings = &s};
	struct target_owner owner = {.conf = &conf};
	struct services services = {.schedule = {0}};
	struct target_group group = {.services = &services};
	struct target t = {.group = &group,
			   .owner = &owner,
			   .settings = &s,
			   .prober = &steady,
			   .begun_ns = 900 * S,
			   .due_ns = 900 * S};
	struct probe_result r = probe_result_none();
	int64_t first_ns = target_schedule_first_ns(&t, "192.0.2.1:5060", 3600 * S);

	ok(first_ns >= 3600 * S && first_ns < 3660 * S, "the first within a minute");
	is_int(first_ns, schedule_grid_ns(&services.schedule, t.phase, 60 * S, 3600 * S),
	       "at its own place there");
	t.phase = 0;
	t.health = (struct health){.state = HEALTH_DOWN, .verdict = PROBE_DOWN};
	r.outcome = PROBE_TIMEOUT;
	is_int(target_schedule_next_ns(&t, &r, 905 * S) / S, 1800, "down: its interval");
	is_int(target_schedule_next_ns(&t, &r, 1801 * S) / S, 2700,
	       "one that passed by is left out");
}

static void test_next(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_next(i);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_next, test_grid,  test_refused, test_put_off_late,
		test_told, test_first, test_steady,  test_refused_late};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

/* The timing wheel under virtual time, against a plain list as its oracle. */
#include <stdlib.h>

#include "sipprobe/loop/compat.h"
#include "sipprobe/loop/wheel.h"
#include "tests/unit/tap.h"

enum { TIMERS = 500 };

struct probe_timer {
	struct wheel_timer timer;
	unsigned fired;
	int64_t fired_ns;
	int64_t again_ns; /* restart by this much from the handler; 0: not */
	bool mistimed;
	struct probe_timer *cancels;
};

static struct wheel *wheel;

/* Makes the wheel of a test. */
static void begin(int64_t now_ns)
{
	wheel = NULL;
	if (wheel_alloc(&wheel, now_ns) || !wheel) {
		puts("Bail out! wheel_alloc");
		exit(1);
	}
}

static void fired_h(struct wheel_timer *t, int64_t now_ns)
{
	struct probe_timer *p = (struct probe_timer *)(void *)t;

	p->fired++;
	p->fired_ns = now_ns;
	if (now_ns < t->at_ns || now_ns >= t->at_ns + WHEEL_TICK_NS)
		p->mistimed = true;
	if (p->cancels)
		wheel_cancel(wheel, &p->cancels->timer);
	if (p->again_ns)
		wheel_start(wheel, t, now_ns + p->again_ns, fired_h);
}

/* Turns the wheel as a loop would: only when it says that something is due. */
static unsigned turn_until(int64_t to_ns)
{
	unsigned wakes = 0;
	int64_t at_ns;

	while ((at_ns = wheel_next_ns(wheel)) <= to_ns) {
		wheel_run(wheel, at_ns);
		wakes++;
	}
	wheel_run(wheel, to_ns);
	return wakes;
}

/* A slot of each level is this many ticks wide; past the last, the wheel's reach ends. */
#define LEVEL_1 (256 * WHEEL_TICK_NS)
#define LEVEL_2 (256 * LEVEL_1)
#define LEVEL_3 (256 * LEVEL_2)
#define REACH	(256 * LEVEL_3)

static void test_distances(void)
{
	static const int64_t distances_ns[] = {
		0,
		1,
		WHEEL_TICK_NS - 1,
		WHEEL_TICK_NS,
		WHEEL_TICK_NS + 1,
		2 * WHEEL_TICK_NS,
		LEVEL_1 - WHEEL_TICK_NS,
		LEVEL_1,
		LEVEL_1 + WHEEL_TICK_NS,
		LEVEL_2 - WHEEL_TICK_NS,
		LEVEL_2,
		LEVEL_2 + LEVEL_1,
		60000000000,
		LEVEL_3 - WHEEL_TICK_NS,
		LEVEL_3,
		LEVEL_3 + LEVEL_1,
		LEVEL_3 + LEVEL_2,
		86400000000000,
		REACH - WHEEL_TICK_NS,
		REACH,
		REACH + LEVEL_1,
		REACH + LEVEL_3,
		5 * REACH / 2,
	};
	const int64_t starts_ns[] = {
		0,
		123456789,
		LEVEL_1 - 1,
		LEVEL_2 - WHEEL_TICK_NS,
		LEVEL_3 - 1,
		5000000000000,
		REACH - WHEEL_TICK_NS,
	};

	for (size_t s = 0; s < ARRAY_SIZE(starts_ns); s++) {
		for (size_t i = 0; i < ARRAY_SIZE(distances_ns); i++) {
			struct probe_timer p = {0};
			int64_t at_ns = starts_ns[s] + distances_ns[i];
			unsigned wakes;

			begin(starts_ns[s]);
			wheel_start(wheel, &p.timer, at_ns, fired_h);
			wakes = turn_until(at_ns + 2 * WHEEL_TICK_NS);
			ok(p.fired == 1 && p.fired_ns >= at_ns &&
				   p.fired_ns <= at_ns + WHEEL_TICK_NS + 1 && wakes <= 9,
			   "from %lld, %lld ns ahead: fires once, in time, %u wakes",
			   (long long)starts_ns[s], (long long)distances_ns[i], wakes);
			mem_deref(wheel);
		}
	}
}

/* What is due already makes a loop wake at the next tick: not at once, nor again and
 * again. */
static void test_past(void)
{
	static const int64_t past_ns[] = {INT64_MIN / 2, -LEVEL_1, -1, 0, 1, LEVEL_2};
	const int64_t now_ns = LEVEL_2 + 5 * WHEEL_TICK_NS;

	for (size_t i = 0; i < ARRAY_SIZE(past_ns); i++) {
		struct probe_timer p = {0};

		begin(now_ns);
		wheel_start(wheel, &p.timer, past_ns[i], fired_h);
		is_int(wheel_next_ns(wheel), now_ns + WHEEL_TICK_NS,
		       "of a new wheel: at its next tick");
		turn_until(2 * now_ns);
		is_int(p.fired_ns, now_ns + WHEEL_TICK_NS, "… when it fires");
		wheel_start(wheel, &p.timer, past_ns[i], fired_h);
		is_int(wheel_next_ns(wheel), 2 * now_ns + WHEEL_TICK_NS,
		       "after a turn with nothing to do: at the tick after that");
		mem_deref(wheel);
	}
}

/* Slots ahead and slots behind are in use at once, at each place of the first level. */
static void test_periods(void)
{
	static struct probe_timer timers[TIMERS];
	unsigned wrong = 0;

	begin(0);
	for (unsigned i = 0; i < TIMERS; i++) {
		timers[i].again_ns = (i + 1) * WHEEL_TICK_NS;
		wheel_start(wheel, &timers[i].timer, timers[i].again_ns, fired_h);
	}
	turn_until(LEVEL_2 + LEVEL_1);
	for (unsigned i = 0; i < TIMERS; i++)
		wrong += timers[i].fired != (LEVEL_2 + LEVEL_1) / timers[i].again_ns ||
			 timers[i].mistimed;
	is_int(wrong, 0, "500 timers of 1 to 500 ticks that start themselves again");
	mem_deref(wheel);
}

static void test_many(void)
{
	static struct probe_timer timers[TIMERS];
	unsigned wrong = 0;
	uint64_t seed = 42;

	begin(0);
	for (unsigned i = 0; i < TIMERS; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		wheel_start(wheel, &timers[i].timer, (int64_t)(seed >> 24), fired_h);
	}
	for (unsigned i = 0; i < TIMERS; i += 5)
		wheel_cancel(wheel, &timers[i].timer);
	turn_until(INT64_MAX / 4);
	for (unsigned i = 0; i < TIMERS; i++) {
		int64_t late_ns = timers[i].fired_ns - timers[i].timer.at_ns;

		if (i % 5 == 0)
			wrong += timers[i].fired != 0;
		else
			wrong += timers[i].fired != 1 || late_ns < 0 ||
				 late_ns > WHEEL_TICK_NS;
	}
	is_int(wrong, 0, "500 timers over 18 minutes, a fifth cancelled: all in time");
	is_int(wheel_next_ns(wheel) == INT64_MAX, 1, "an empty wheel never wakes");
	mem_deref(wheel);
}

static void test_handlers(void)
{
	struct probe_timer a = {.again_ns = WHEEL_TICK_NS}, b = {0}, c = {.cancels = &b};

	begin(0);
	wheel_start(wheel, &a.timer, WHEEL_TICK_NS, fired_h);
	turn_until(100 * WHEEL_TICK_NS);
	is_int(a.fired, 100, "a timer that starts itself again fires each time");
	wheel_cancel(wheel, &a.timer);

	wheel_start(wheel, &b.timer, 210000000, fired_h);
	wheel_start(wheel, &c.timer, 210000000, fired_h);
	turn_until(300000000);
	ok(c.fired == 1 && b.fired == 0, "a handler cancels another of the same tick");
	ok(!wheel_armed(&b.timer) && !wheel_armed(&c.timer), "both are idle then");

	wheel_start(wheel, &b.timer, 10, fired_h);
	wheel_start(wheel, &b.timer, 400000000, fired_h);
	turn_until(350000000);
	is_int(b.fired, 0, "a moved timer does not fire at its old time");
	turn_until(500000000);
	is_int(b.fired, 1, "… but at its new one");

	wheel_start(wheel, &b.timer, 10, fired_h);
	wheel_run(wheel, 500000000 + WHEEL_TICK_NS);
	is_int(b.fired, 2, "a time in the past fires at the next tick");

	wheel_start(wheel, &b.timer, 90000000000, fired_h);
	wheel_run(wheel, 7200000000000);
	is_int(b.fired, 3, "a loop that slept for hours makes up for it at once");
	mem_deref(wheel);
}

/* A loop that does little else is woken when something fires, and never besides. */
static void test_wakes(void)
{
	struct probe_timer few[17] = {0}, answered = {0};

	begin(0);
	wheel_start(wheel, &answered.timer, 500000000, fired_h);
	wheel_start(wheel, &answered.timer, 30000000000, fired_h);
	is_int(turn_until(40000000000), 1, "moved on: once, when it fires");
	is_int(answered.fired_ns, 30000000000, "in time");
	wheel_start(wheel, &answered.timer, 41000000000, fired_h);
	wheel_cancel(wheel, &answered.timer);
	ok(wheel_next_ns(wheel) == INT64_MAX, "cancelled: never");
	mem_deref(wheel);
	for (unsigned n = 16; n <= 17; n++) {
		begin(0);
		for (unsigned i = 0; i < n; i++)
			wheel_start(wheel, &few[i].timer,
				    4 * LEVEL_1 + (3 + i) * WHEEL_TICK_NS, fired_h);
		is_int(turn_until(5 * LEVEL_1), n == 16 ? 16 : 18,
		       "each of a few by itself; many sink first");
		for (unsigned i = 0; i < n; i++)
			ok(few[i].fired == n - 15 - (i == 16) && !few[i].mistimed,
			   "in time");
		mem_deref(wheel);
	}
}

int main(void)
{
	test_distances();
	test_past();
	test_periods();
	test_many();
	test_handlers();
	test_wakes();
	return tap_done();
}

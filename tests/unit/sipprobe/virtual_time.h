/*
 * Time that stands still until a test moves it: the monotonic clock of everything that is
 * linked into the program, and a ticker that the test turns in place of libre's loop. To
 * be included by the one file of a program that links with clock_wrap. Shared libraries,
 * and the wall clock, go on as ever; a test may set the latter.
 */
#ifndef TESTS_UNIT_SIPPROBE_VIRTUAL_TIME_H
#define TESTS_UNIT_SIPPROBE_VIRTUAL_TIME_H

#include "base/clock.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/loop/ticker.h"

static int64_t virtual_now_ns = 1000 * CLOCK_NS_PER_S;
static int64_t virtual_wall_set_ns; /* by which the wall clock was set forward */

struct ticker {
	struct wheel *wheel;
};

static struct ticker *virtual_ticker;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE) {
		int err = __real_clock_gettime(id, ts);

		if (!err && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
			ts->tv_sec += virtual_wall_set_ns / CLOCK_NS_PER_S;
		return err;
	}
	*ts = (struct timespec){.tv_sec = virtual_now_ns / CLOCK_NS_PER_S,
				.tv_nsec = virtual_now_ns % CLOCK_NS_PER_S};
	return 0;
}

static void ticker_destructor(void *arg)
{
	struct ticker *tk = arg;

	mem_deref(tk->wheel);
}

int ticker_alloc(struct ticker **tp)
{
	struct ticker *tk = mem_zalloc(sizeof(*tk), ticker_destructor);
	int err = tk ? wheel_alloc(&tk->wheel, virtual_now_ns) : ENOMEM;

	if (err) {
		mem_deref(tk);
		return err;
	}
	virtual_ticker = *tp = tk;
	return 0;
}

void ticker_start(struct ticker *tk, struct wheel_timer *t, int64_t at_ns, wheel_h *h)
{
	wheel_start(tk->wheel, t, at_ns, h);
}

void ticker_cancel(struct ticker *tk, struct wheel_timer *t)
{
	wheel_cancel(tk->wheel, t);
}

/* Lets time go by; what is due on the way happens at its time. */
static inline void pass_ns(int64_t ns)
{
	int64_t end_ns = virtual_now_ns + ns;
	int64_t next_ns;

	while ((next_ns = wheel_run(virtual_ticker->wheel, virtual_now_ns)) <= end_ns)
		if (next_ns > virtual_now_ns)
			virtual_now_ns = next_ns;
	virtual_now_ns = end_ns;
}

static inline void pass_ms(int64_t ms)
{
	pass_ns(ms * CLOCK_NS_PER_MS);
}

#endif

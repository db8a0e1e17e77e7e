/* libre's loop, turned by a test until a condition holds or time is up. */
#ifndef TESTS_UNIT_SIPPROBE_LOOP_TURN_H
#define TESTS_UNIT_SIPPROBE_LOOP_TURN_H

#include <stdbool.h>
#include <time.h>

#include "sipprobe/loop/compat.h"

static inline void loop_turn_h(void *arg)
{
	(void)arg;
	re_cancel();
}

/* One pass over what is ready, a millisecond at the most. */
static inline void loop_turn(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 1, loop_turn_h, NULL);
	re_main(NULL);
	tmr_cancel(&tmr);
}

/*
 * Turns the loop until @is_so or for ten seconds, which no test that holds comes near.
 * CLOCK_BOOTTIME, so that a virtual CLOCK_MONOTONIC is no limit.
 */
static inline bool loop_until(bool (*is_so)(void *arg), void *arg)
{
	struct timespec begun, now;

	clock_gettime(CLOCK_BOOTTIME, &begun);
	do {
		if (is_so(arg))
			return true;
		loop_turn();
		clock_gettime(CLOCK_BOOTTIME, &now);
	} while (now.tv_sec - begun.tv_sec < 10);
	return is_so(arg);
}

#endif

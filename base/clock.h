/* Clocks. The schedule lives on the monotonic clock; kernel stamps come on the wall's. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_US 1000LL
#define CLOCK_NS_PER_MS 1000000LL
#define CLOCK_NS_PER_S	1000000000LL

static inline int64_t clock_of_timespec(const struct timespec *ts)
{
	return ts->tv_sec * CLOCK_NS_PER_S + ts->tv_nsec;
}

static inline int64_t clock_monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return clock_of_timespec(&ts);
}

static inline int64_t clock_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return clock_of_timespec(&ts);
}

/* Since the machine was booted, the time that it slept included. Nobody can set it. */
int64_t clock_boot_ns(void);

/* How far the wall clock is ahead of it. It changes when the wall clock is set. */
int64_t clock_wall_offset_ns(void);

/*
 * The offset to go on with: @seen_ns where the wall clock was set since @kept_ns was
 * taken, else @kept_ns, as two looks at one clock are never quite the same.
 */
int64_t clock_follow_offset_ns(int64_t kept_ns, int64_t seen_ns);

/*
 * A kernel stamp (wall clock, ns) on the monotonic clock. Both clocks are read now, so a
 * step of the wall clock can only spoil the short time between the stamp and this call;
 * a stamp that would lie in the future is now.
 */
int64_t clock_from_stamp_ns(int64_t stamp_wall_ns);

#endif

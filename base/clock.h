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

/*
 * A kernel stamp (wall clock, ns) on the monotonic clock. Both clocks are read now, so a
 * step of the wall clock can only spoil the short time between the stamp and this call;
 * a stamp that would lie in the future is now.
 */
int64_t clock_from_stamp_ns(int64_t stamp_wall_ns);

#endif

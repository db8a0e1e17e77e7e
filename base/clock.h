/* Clocks. The schedule lives on the monotonic clock; kernel stamps come on the wall's. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
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

/* Both clocks, looked at together. */
struct clock_pair {
	int64_t now_ns; /* monotonic */
	int64_t wall_ns;
};

struct clock_pair clock_look(void);

/*
 * Both as the kernel last kept them, milliseconds ago at most, a tick apart at worst: for
 * whether one of them was set, at a quarter of the price.
 */
struct clock_pair clock_glance(void);

/*
 * Kernel stamps of one socket: they come on the wall clock, which may be set while what
 * they are of waits to be read.
 */
struct clock_stamps {
	int64_t offset_ns; /* wall clock minus monotonic, at the last look */
	int64_t since_ns;  /* monotonic: what came before that was read then */
};

/* For a socket that is new. */
struct clock_stamps clock_stamps_begin(void);

/*
 * A stamp (wall clock, ns) on the monotonic clock: between what was read before and now.
 * Where the clock was set while it waited, it was taken before that, if that makes sense:
 * who stands still has what matters to him stamped early, and is set right late.
 */
int64_t clock_of_stamp_ns(const struct clock_stamps *s, const struct clock_pair *now,
			  int64_t stamp_wall_ns);

/* Whether the wall clock was set since the last look. */
bool clock_stamps_is_set(const struct clock_stamps *s, const struct clock_pair *now);

/* A socket was read. @empty: there was no more */
void clock_stamps_read(struct clock_stamps *s, const struct clock_pair *now, bool empty);

#endif

/* The due times of a target: pure functions of its state and the time. */
#ifndef SIPPROBE_TARGET_TARGET_SCHEDULE_H
#define SIPPROBE_TARGET_TARGET_SCHEDULE_H

#include "sipprobe/probe.h"

struct target;
struct target_turn;

/* How far apart its probes are while all is well. */
int64_t target_schedule_interval_ns(const struct target *t);

/* When a new target is probed first; sets its phase. @address: its text */
int64_t target_schedule_first_ns(struct target *t, const char *address, int64_t now_ns);

/*
 * When it is probed next, after a result: by its state, not sooner than at its interval
 * where our credentials were refused, and moved by the Retry-After of a 503.
 */
int64_t target_schedule_next_ns(const struct target *t, const struct probe_result *r,
				int64_t now_ns);

/*
 * When a steady target is probed first that takes another's turn, and its place on the
 * grid with it if it takes the @whole; 0: as it would be without.
 */
int64_t target_schedule_heir_ns(struct target *t, const struct target_turn *turn,
				bool whole, int64_t now_ns);

#endif

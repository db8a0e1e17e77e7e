/*
 * When probes are due: pure functions. Every target has a phase, a hash of what it is,
 * and is due whenever wall time modulo its interval equals that phase: load is even, and
 * the same over restarts. The wall clock is read once at the start; from then on time is
 * monotonic, so a step of the clock moves nothing and no drift adds up.
 */
#ifndef SIPPROBE_LOOP_SCHEDULE_H
#define SIPPROBE_LOOP_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

struct schedule {
	int64_t offset_ns; /* wall clock minus monotonic clock at the start */
};

/* The place of a target within its interval, 0 to UINT32_MAX, by its names. */
uint32_t schedule_phase(const char *trunk, const char *address, const char *method);

/* The first due time on the grid at or after @from_ns. */
int64_t schedule_grid_ns(const struct schedule *s, uint32_t phase, int64_t interval_ns,
			 int64_t from_ns);

/* The time in which all of so many new targets begin. */
int64_t schedule_start_ns(size_t targets);

/*
 * The first probe of a new target: soon, so that nobody waits an interval for the first
 * answer, but spread so that @targets of them begin at most 5000 a second.
 */
int64_t schedule_first_ns(uint32_t phase, int64_t interval_ns, size_t targets,
			  int64_t now_ns);

#endif

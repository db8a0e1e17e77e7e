/*
 * A world that exists in memory only, and in which time is a number: two clocks, things
 * that happen at their times, and the loop of one process that waits for them. Time
 * stands still while the process computes, but for what a system call costs. All that is
 * random comes from seeds (chance.h), so a run is the same every time.
 */
#ifndef TESTS_SIMULATION_KERNEL_WORLD_H
#define TESTS_SIMULATION_KERNEL_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define WORLD_MS   CLOCK_NS_PER_MS
#define WORLD_S	   CLOCK_NS_PER_S
#define WORLD_MIN  (60 * WORLD_S)
#define WORLD_HOUR (60 * WORLD_MIN)
#define WORLD_DAY  (24 * WORLD_HOUR)

#define WORLD_BEGIN_NS (1000 * WORLD_S) /* what the monotonic clock begins with */

typedef void(world_h)(void *arg);

void world_begin(uint64_t seed);

int64_t world_now_ns(void);  /* CLOCK_MONOTONIC */
int64_t world_wall_ns(void); /* CLOCK_REALTIME */

/* Sets the wall clock. */
void world_step(int64_t by_ns);

/* The process stands still from now on, or from the next handler's end; the world does
 * not. */
void world_stall(int64_t for_ns);

/* For how long it stood still since then; 0: not at all. */
int64_t world_stalled_ns(int64_t since_ns);

/* Until when it stands still; a time that is over: it does not. */
int64_t world_stalled_until_ns(void);

/* Whether it went on again between these two. */
bool world_woke_between(int64_t from_ns, int64_t to_ns);

/* When the wall clock was set last, and by how much; 0: never. */
int64_t world_stepped_ns(void);
int64_t world_stepped_by_ns(void);

/* Something happens at that time, also while the process stands still. */
void world_at(int64_t at_ns, world_h *h, void *arg);
void world_in(int64_t in_ns, world_h *h, void *arg);

/* The process' loop is woken, as by a signal, and calls @h in its turn. */
void world_post(world_h *h, void *arg);

/* A descriptor is ready, by number, as epoll would tell. In order of the calls. */
void world_ready(int fd);

/* One system call: time goes on by a little. */
void world_call(void);

void world_run(int64_t until_ns);

/* The product's other thread does something, which costs its loop no time. */
void world_beside(world_h *h, void *arg);

/* Whether the product runs now, and not the world. */
bool world_is_inside(void);

/* The world does something for the product, or for who tells of it: between these two
 * world_is_inside() is false. Nested ones count. */
void world_leave(void);
void world_return(void);

/* What goes in and out: equal for equal runs. */
void world_note(uint64_t x);
uint64_t world_digest(void);

#endif

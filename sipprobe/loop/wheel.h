/*
 * A hierarchical timing wheel: start, move and cancel in constant time, whatever the
 * number of timers (libre keeps its timers in one sorted list). It has no clock and no
 * descriptor of its own: who owns it tells it the time.
 */
#ifndef SIPPROBE_LOOP_WHEEL_H
#define SIPPROBE_LOOP_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wheel;
struct wheel_timer;

typedef void(wheel_h)(struct wheel_timer *t, int64_t now_ns);

/* Embed one in what is to be timed; zeroed means idle. */
struct wheel_timer {
	struct wheel_timer *next;
	struct wheel_timer **pprev; /* NULL: idle */
	int64_t at_ns;
	wheel_h *h;
};

/* Timers fire at the first whole tick at or after their time, never before it. */
#define WHEEL_TICK_NS 2000000LL

/* Freed with mem_deref(). Returns 0 or ENOMEM. */
int wheel_alloc(struct wheel **wp, int64_t now_ns);

/* Arms or moves a timer. A time in the past fires at the next wheel_run(). */
void wheel_start(struct wheel *w, struct wheel_timer *t, int64_t at_ns, wheel_h *h);

/* An idle timer may be cancelled too. */
void wheel_cancel(struct wheel *w, struct wheel_timer *t);

/* The struct that a timer is embedded in: a @type, as its @member. */
#define wheel_owner(timer, type, member)                                                 \
	((type *)(void *)((char *)(timer)-offsetof(type, member)))

static inline bool wheel_armed(const struct wheel_timer *t)
{
	return t->pprev != NULL;
}

/* The tick that it fires at; INT64_MAX: it is idle. */
int64_t wheel_due_ns(const struct wheel_timer *t);

/*
 * Fires what is due, in order of ticks. Handlers may start and cancel any timer.
 *
 * Returns when to call again at the latest, or INT64_MAX with no timer armed.
 */
int64_t wheel_run(struct wheel *w, int64_t now_ns);

/* When wheel_run() has something to do, at the earliest; INT64_MAX: never. */
int64_t wheel_next_ns(const struct wheel *w);

#endif

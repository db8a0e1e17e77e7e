/* Whether something that should happen every so often still does. Main thread only. */
#ifndef SIPPROBE_TRUNK_HEARTBEAT_H
#define SIPPROBE_TRUNK_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

struct heartbeat;
struct ticker;

/* Runs from the loop once it is missing; from heartbeat_seen() once it is back. */
typedef void(heartbeat_h)(void *arg);

/*
 * Begins to wait; the first time, too, it may take a whole period. Freed with
 * mem_deref().
 *
 * Returns 0 or ENOMEM.
 */
int heartbeat_alloc(struct heartbeat **ep, struct ticker *ticker, int64_t period_ns,
		    heartbeat_h *h, void *arg);

/* It happened. Costs a look at the clock. */
void heartbeat_seen(struct heartbeat *e);

/* Waits for a whole period anew; the handler is not called. Returns whether it missed. */
bool heartbeat_restart(struct heartbeat *e);

/* Whether it is overdue; of NULL: no. */
bool heartbeat_missing(const struct heartbeat *e);

#endif

/* Whether something that should happen every so often still does. Main thread only. */
#ifndef SIPPROBE_EXPECT_H
#define SIPPROBE_EXPECT_H

#include <stdbool.h>
#include <stdint.h>

struct expect;
struct ticker;

/* Runs from the loop when it went missing; from within expect_seen() when it is back. */
typedef void(expect_h)(void *arg);

/*
 * Begins to wait; the first time, too, it may take a whole period. Freed with
 * mem_deref().
 *
 * Returns 0 or ENOMEM.
 */
int expect_alloc(struct expect **ep, struct ticker *ticker, int64_t period_ns,
		 expect_h *h, void *arg);

/* It happened. Costs a look at the clock. */
void expect_seen(struct expect *e);

/* Whether it is overdue; of NULL: no. */
bool expect_missing(const struct expect *e);

#endif

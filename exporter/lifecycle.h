/*
 * Reloads that are asked for over HTTP. They happen on the main thread; who asked waits
 * without holding a thread, and all who ask before a reload begins share it.
 */
#ifndef EXPORTER_LIFECYCLE_H
#define EXPORTER_LIFECYCLE_H

#include <stdbool.h>
#include <stdio.h>

struct lifecycle;

/*
 * Reloads, on the main thread.
 *
 * @why: on failure, what is wrong, for people
 *
 * Returns 0 or errno.
 */
typedef int(lifecycle_reload_h)(FILE *why, void *arg);

/*
 * What came of it, on the main thread, or in lifecycle_stop().
 *
 * @status: 200; 500; 503 when the exporter stopped first
 */
typedef void(lifecycle_done_h)(unsigned status, const char *text, void *arg);

/* Freed with lifecycle_free(). Returns 0 or ENOMEM. */
int lifecycle_alloc(struct lifecycle **lp, lifecycle_reload_h *reloadh, void *arg);

/*
 * Asks for a reload. Any thread; @h may run before this returns.
 *
 * Returns 0, or errno and @h does not run.
 */
int lifecycle_reload(struct lifecycle *l, lifecycle_done_h *h, void *arg);

/* Answers those who wait. Main thread, after its loop. */
void lifecycle_stop(struct lifecycle *l);
void lifecycle_free(struct lifecycle *l);

#endif

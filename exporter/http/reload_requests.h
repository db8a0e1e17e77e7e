/*
 * Reloads that are asked for over HTTP. They happen on the main thread; who asked waits
 * without holding a thread, and all who ask before a reload begins share it.
 */
#ifndef EXPORTER_HTTP_RELOAD_REQUESTS_H
#define EXPORTER_HTTP_RELOAD_REQUESTS_H

#include <stdbool.h>
#include <stdio.h>

struct reload_requests;

/*
 * Reloads, on the main thread.
 *
 * @why: what is wrong, or, on success, what was changed, for people
 *
 * Returns 0 or errno.
 */
typedef int(reload_requests_reload_h)(FILE *why, void *arg);

/*
 * Tells the result, on the main thread, or in reload_requests_stop().
 *
 * @status: 200; 500; 503 when the exporter stopped first
 */
typedef void(reload_requests_done_h)(unsigned status, const char *text, void *arg);

/* Freed with reload_requests_free(). Returns 0 or ENOMEM. */
int reload_requests_alloc(struct reload_requests **lp, reload_requests_reload_h *reloadh,
			  void *arg);

/*
 * Asks for a reload. Any thread; @h may run before this returns.
 *
 * Returns 0, or errno and @h does not run.
 */
int reload_requests_reload(struct reload_requests *l, reload_requests_done_h *h,
			   void *arg);

/* Answers those who wait. Main thread, after its loop. */
void reload_requests_stop(struct reload_requests *l);
void reload_requests_free(struct reload_requests *l);

#endif

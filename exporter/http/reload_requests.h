/*
 * Reloads that are asked for over HTTP. They happen on the main thread, now or later; who
 * asked waits without holding a thread, and all who ask before a reload begins share it.
 */
#ifndef EXPORTER_HTTP_RELOAD_REQUESTS_H
#define EXPORTER_HTTP_RELOAD_REQUESTS_H

#include <stdbool.h>
#include <stdio.h>

struct reload_requests;

/* Those who wait for one reload, and the text that they get. */
struct reload_order;

/*
 * Somebody waits. On the main thread, which takes all who do when the reload begins, with
 * reload_requests_take(): at once or later.
 */
typedef void(reload_requests_asked_h)(struct reload_requests *l, void *arg);

/*
 * Tells the result, on the main thread, or in reload_requests_stop().
 *
 * @status: 200; 500; 503 when the exporter stopped first
 */
typedef void(reload_requests_done_h)(unsigned status, const char *text, void *arg);

/* Freed with reload_requests_free(). Returns 0 or ENOMEM. */
int reload_requests_alloc(struct reload_requests **lp, reload_requests_asked_h *askedh,
			  void *arg);

/*
 * Asks for a reload. Any thread; @h may run before this returns.
 *
 * Returns 0, or errno and @h does not run.
 */
int reload_requests_reload(struct reload_requests *l, reload_requests_done_h *h,
			   void *arg);

/*
 * Takes all who wait now. Main thread.
 *
 * Returns what is freed by reload_order_answer(), or NULL: without memory they have been
 * told so.
 */
struct reload_order *reload_requests_take(struct reload_requests *l);

/* For what is wrong, or, on success, what was changed, in words. NULL for NULL. */
FILE *reload_order_out(struct reload_order *o);

/*
 * Tells them the result, on the main thread. NULL is ignored.
 *
 * @err: 0; ECANCELED when the exporter stops first; or another errno
 */
void reload_order_answer(struct reload_order *o, int err);

/* Answers those who wait and were not taken. Main thread, after its loop. */
void reload_requests_stop(struct reload_requests *l);
void reload_requests_free(struct reload_requests *l);

#endif

/*
 * The main thread's event loop: libre's, behind calls that need no libre header.
 * Everything in sipprobe/ runs on it; other threads reach it through loop_post() only.
 */
#ifndef SIPPROBE_LOOP_H
#define SIPPROBE_LOOP_H

#include <stdint.h>

typedef void(loop_signal_h)(int sig, void *arg);
typedef void(loop_post_h)(void *data, void *arg);
typedef void(loop_every_h)(void *arg);

/*
 * Prepares the process: descriptor limit, libre, signals (SIGINT, SIGTERM, SIGHUP,
 * SIGUSR1 go to
 * @sigh on the loop; SIGPIPE is ignored).
 *
 * Returns 0 or errno.
 */
int loop_init(loop_signal_h *sigh, void *arg);

/* How many descriptors there may be, once it is prepared: the limit was raised then. */
unsigned loop_descriptors(void);

/* Runs until loop_stop(). Returns 0 or errno. */
int loop_run(void);

/* Ends loop_run() after the current handler. Main thread only. */
void loop_stop(void);

/*
 * Calls @h on the main thread, soon, and in the order of the calls. Any thread. What
 * loop_run() did not come to is forgotten in loop_close().
 *
 * Returns 0 or errno; on failure @h is not called.
 */
int loop_post(loop_post_h *h, void *data, void *arg);

/*
 * Calls @h on the main thread every @interval_ns of the monotonic clock, until
 * loop_close(). One such timer at a time. Returns 0 or errno.
 */
int loop_every(int64_t interval_ns, loop_every_h *h, void *arg);

/*
 * When the loop last came round (monotonic), or was prepared; 0: neither. It comes round
 * once a second at least. Any thread, without waiting: also while the loop stands still.
 */
int64_t loop_last_turn_ns(void);

/* Ends what is left of it, after loop_run(). */
void loop_close(void);

/* The version of the libre that runs, "1.1.0". */
const char *loop_libre_version(void);

#endif

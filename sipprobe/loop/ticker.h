/* The timing wheel on libre's loop, turned by one timerfd on the monotonic clock. */
#ifndef SIPPROBE_LOOP_TICKER_H
#define SIPPROBE_LOOP_TICKER_H

#include "sipprobe/loop/wheel.h"

struct ticker; /* mem_deref() */

/* Returns 0 or errno. */
int ticker_alloc(struct ticker **tp);

/* As wheel_start() and wheel_cancel(). */
void ticker_start(struct ticker *tk, struct wheel_timer *t, int64_t at_ns, wheel_h *h);
void ticker_cancel(struct ticker *tk, struct wheel_timer *t);

#endif

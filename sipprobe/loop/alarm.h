/*
 * One alarm on the loop, on the monotonic clock: libre 1.1 and 2.0 keep their timers on
 * the wall clock, where a step back would silence a deadline for as long.
 */
#ifndef SIPPROBE_LOOP_ALARM_H
#define SIPPROBE_LOOP_ALARM_H

#include "sipprobe/loop/compat.h"

struct alarm;

typedef void(alarm_h)(void *arg);

/* Freed with mem_deref(), also inside @h. Returns 0 or errno. */
int alarm_alloc(struct alarm **ap, alarm_h *h, void *arg);

/* Fires once at @at_ns (monotonic), soon if that is past; INT64_MAX: not at all. */
void alarm_set(struct alarm *a, int64_t at_ns);

#endif

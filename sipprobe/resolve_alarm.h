/*
 * One alarm on the loop, on the monotonic clock: libre 1.1 and 2.0 keep their timers on
 * the wall clock, where a step back would silence a deadline for as long.
 */
#ifndef SIPPROBE_RESOLVE_ALARM_H
#define SIPPROBE_RESOLVE_ALARM_H

#include "sipprobe/compat.h"

struct resolve_alarm;

typedef void(resolve_alarm_h)(void *arg);

/* Freed with mem_deref(), also inside @h. Returns 0 or errno. */
int resolve_alarm_alloc(struct resolve_alarm **ap, resolve_alarm_h *h, void *arg);

/* Fires once at @at_ns (monotonic), soon if that is past; INT64_MAX: not at all. */
void resolve_alarm_set(struct resolve_alarm *a, int64_t at_ns);

#endif

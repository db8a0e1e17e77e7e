/*
 * How many calls may be made: at once, in any hour, in any day. Counted by the monotonic
 * clock over windows that slide, so that no turn of an hour lets twice as many through.
 * What was counted is lost with the program.
 */
#ifndef SIPPROBE_CALL_CALL_CAPS_H
#define SIPPROBE_CALL_CALL_CAPS_H

#include "config/config.h"

struct call_caps; /* mem_deref() */

/* Returns 0 or ENOMEM. Nothing is allowed yet. */
int call_caps_alloc(struct call_caps **cp);

/*
 * Takes over the limits of a configuration; what was counted stays.
 *
 * Returns 0; ENOMEM, and the former limits stay.
 */
int call_caps_set(struct call_caps *c, const struct config_calls *limits);

/*
 * Whether one more call may begin, by what was made.
 *
 * Returns NULL, or which limit forbids it: static words for people.
 */
const char *call_caps_refusal(const struct call_caps *c, int64_t now_ns);

/* The same by what is open now, which passes. */
const char *call_caps_crowd(const struct call_caps *c, unsigned open);

/* One begins. */
void call_caps_count(struct call_caps *c, int64_t now_ns);

#endif

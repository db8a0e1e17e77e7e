/* The guard's rules for single header fields; only guard.c needs this. */
#ifndef SIPPROBE_MESSAGE_GUARD_FIELDS_H
#define SIPPROBE_MESSAGE_GUARD_FIELDS_H

#include "sipprobe/message/guard.h"

/*
 * Takes note of a field and reads its value if the guard has a rule for it. @value is
 * without white space around it. Returns NULL, or a static sentence on what is wrong.
 */
const char *guard_fields_take(struct guard_progress *g, const struct pl *name,
			      const struct pl *value);

/* Whether a Content-Length was among the fields. */
bool guard_fields_framed(const struct guard_progress *g);

/* Checks across the whole head. Returns NULL or a static sentence. */
const char *guard_fields_judge(const struct guard_progress *g);

#endif

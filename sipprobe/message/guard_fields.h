/* The guard's rules for single header fields; only guard.c needs this. */
#ifndef SIPPROBE_MESSAGE_GUARD_FIELDS_H
#define SIPPROBE_MESSAGE_GUARD_FIELDS_H

#include "sipprobe/message/guard.h"

/*
 * Which of the fields that the guard reads a line is, if its name stands there in full
 * and a colon right behind it, as in nearly all lines. @line: not empty, no control byte
 * in it but for those of folds. @value: what stands behind the colon, then. Returns its
 * number, or 0.
 */
unsigned guard_fields_known(struct pl *value, const struct pl *line);

/* Reads the value of such a field. Returns as the following. */
const char *guard_fields_read(struct guard_progress *g, unsigned known,
			      const struct pl *value, bool odd);

/*
 * Takes note of a field and reads its value if the guard has a rule for it. @value is
 * without white space around it; @odd: a control byte is in it. Returns NULL, or a static
 * sentence on what is wrong that cannot be passed over.
 */
const char *guard_fields_take(struct guard_progress *g, const struct pl *name,
			      const struct pl *value, bool odd);

/* Whether a Content-Length was among the fields. */
bool guard_fields_framed(const struct guard_progress *g);

/* Checks across the whole head. Returns NULL or a static sentence, as above. */
const char *guard_fields_judge(struct guard_progress *g);

/* Keeps the first oddity. */
void guard_fields_note(struct guard_progress *g, const char *oddity);

/* Keeps the first fault of a request. Returns false for a response, which has none. */
bool guard_fields_fault(struct guard_progress *g, unsigned code, const char *why);

#endif

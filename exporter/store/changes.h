/* What the last reload changed, in short, for people. */
#ifndef EXPORTER_STORE_CHANGES_H
#define EXPORTER_STORE_CHANGES_H

#include "base/buffer.h"
#include "config/diff.h"
#include "exporter/store/store.h"

enum { CHANGES_NAMES = 10 }; /* that are kept of each turn */

struct changes {
	int64_t at_unix_ns; /* 0: nothing was reloaded yet */
	size_t counts[CONFIG_TURNS];
	struct buffer names[CONFIG_TURNS]; /* terminated, one after another */
};

/* Freed with changes_clear(), also after a failure. Returns 0 or ENOMEM. */
int changes_make(struct changes *c, const struct config_diff *d, int64_t at_unix_ns);
void changes_clear(struct changes *c);

/* "a, b and 3 more"; nothing where there is none. */
void changes_names(struct buffer *out, const struct changes *c, enum config_turn turn);

/* Keeps them in place of the former, and leaves @c empty. Main thread. */
void changes_keep(struct store *s, struct changes *c);

/* A copy of those that were kept last. Any thread. Returns 0 or ENOMEM. */
int changes_take(struct changes *c, struct store *s);

#endif

/*
 * Copies all rows of the store piece by piece, a few dozen in one hold of its lock, so
 * that the main thread never waits for more than one piece. When a trunk was added, moved
 * or removed between two pieces, it begins anew.
 */
#ifndef EXPORTER_STORE_STORE_COPY_H
#define EXPORTER_STORE_STORE_COPY_H

#include "exporter/store/store_rows.h"

/* Rows copied in one hold of the lock: some microseconds. */
enum { STORE_COPY_ROWS = 32 };

/* Handlers of a copy, one for each of its steps. */
struct store_copy_steps {
	/* Without the lock: forgets what was copied. */
	void (*clear_h)(void *arg);

	/* With it: takes what concerns no single row. @first: NULL: there is none */
	void (*begin_h)(const struct store *s, struct store_trunk *first, void *arg);

	/* Without it: makes room for the row that had none. Returns 0 or ENOMEM. */
	int (*room_h)(void *arg);

	/* With it: copies a row. Returns false, the need noted, when it has no room. */
	bool (*row_h)(struct store_trunk *row, void *arg);
};

/*
 * Any thread.
 *
 * Returns 0; ENOMEM; EBUSY when the set of trunks kept changing for half a second. What
 * was copied until then is the caller's to free.
 */
int store_copy(struct store *s, const struct store_copy_steps *steps, void *arg);

/*
 * For who finds s->changing set: waits a little. @tries: 0 at first
 *
 * Returns false when that was half a second's worth of them.
 */
bool store_copy_pause(int *tries);

#endif

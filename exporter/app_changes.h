/* What a reload changes, and who leaves while it is down. For app*.c only. */
#ifndef EXPORTER_APP_CHANGES_H
#define EXPORTER_APP_CHANGES_H

#include "config/diff.h"

struct store;

struct app_changes {
	struct config_diff diff;
	int64_t *down_unix_ns; /* of each that leaves: since when it was down, or 0 */
};

/*
 * Before the new configuration is in force: then those that leave are still known.
 * Freed with app_changes_clear(), and @diff with it. Returns 0 or ENOMEM.
 */
int app_changes_take(struct app_changes *c, struct store *store,
		     struct config_diff *diff);
void app_changes_clear(struct app_changes *c);

/*
 * Makes room in the store for all that come or change, so that nothing can fail any more
 * once the new configuration is in force. Returns 0 or ENOMEM.
 */
int app_changes_prepare(const struct app_changes *c, struct store *store);

/*
 * After it: a line for each that left while it was down, then one for the reload; and
 * the store remembers.
 *
 * @out: gets it too, in words, or NULL
 */
void app_changes_tell(const struct app_changes *c, struct store *store,
		      const struct config *now, FILE *out);

#endif

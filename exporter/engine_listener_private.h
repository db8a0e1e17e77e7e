/* What the engine's row and cell are to its listener: for engine_listener*.c only. */
#ifndef EXPORTER_ENGINE_LISTENER_PRIVATE_H
#define EXPORTER_ENGINE_LISTENER_PRIVATE_H

#include <stdbool.h>

#include "exporter/store/store.h"

/* The engine's `row`: a note on the store's, with what a log line about the trunk needs.
 */
struct row {
	struct store_trunk *store;
	const struct config_trunk *trunk;
	bool dns_failing;
	bool dns_noted;
	bool own_known;	 /* what our certificate is worth was told before */
	char *own_unfit; /* and what was said of it; NULL: nothing */
};

_Static_assert(sizeof(struct row) <= STORE_NOTE_BYTES, "no room for it");

/* The engine's `cell` is a target of the store; its trunk's row is a note there. */
const char *engine_listener_trunk_name(struct store_target *cell);

/* The address of its series, or "". @text: room for it */
const char *engine_listener_address(struct store *s, struct store_target *cell,
				    char text[64]);

#endif

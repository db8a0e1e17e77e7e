/* What the listener keeps of trunks and targets; engine_listener.c and …_trace.c alone.
 */
#ifndef EXPORTER_ENGINE_LISTENER_PRIVATE_H
#define EXPORTER_ENGINE_LISTENER_PRIVATE_H

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

/* The engine's `cell`. */
struct cell {
	struct store_target *store;
	const struct row *row;
};

#endif

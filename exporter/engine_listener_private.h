/* What the engine's row and cell are to its listener: for engine_listener*.c only. */
#ifndef EXPORTER_ENGINE_LISTENER_PRIVATE_H
#define EXPORTER_ENGINE_LISTENER_PRIVATE_H

#include <stdbool.h>

#include "exporter/store/store.h"

/* On a row of the store: what was logged of the trunk before. */
struct listener_note {
	bool dns_failing : 1;
	bool dns_noted : 1;
	bool own_known : 1;	 /* what our certificate is worth was told before … */
	uint32_t own_unfit : 29; /* … and this stands for what was said; 0: nothing */
};

_Static_assert(sizeof(struct listener_note) <= STORE_NOTE_BYTES, "no room for it");

/* The engine's `row` is one of the store, and its `cell` a target of the store. */
const char *engine_listener_trunk_name(struct store_target *cell);

/* The address of its series, or "". @text: room for it */
const char *engine_listener_address(struct store *s, struct store_target *cell,
				    char text[64]);

#endif

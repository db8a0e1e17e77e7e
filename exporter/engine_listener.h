/*
 * Listener to the engine. All that it tells goes two ways from here: into the store, for
 * metrics, and, where a person would want to know, into the log.
 */
#ifndef EXPORTER_ENGINE_LISTENER_H
#define EXPORTER_ENGINE_LISTENER_H

#include "sipprobe/engine.h"

/* For engine_alloc(), with the struct store as @arg. */
extern const struct engine_events engine_listener;

#endif

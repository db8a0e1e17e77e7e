/* The part of the listener that hears of traces. */
#ifndef EXPORTER_ENGINE_LISTENER_TRACE_H
#define EXPORTER_ENGINE_LISTENER_TRACE_H

#include "sipprobe/engine.h"

/* As engine_events has it, with the struct store as @arg. */
void engine_listener_traced_h(const char *trunk, const struct trace_report *r,
			      bool by_hand, void *arg);

#endif

/* The part of the listener that hears of traces, and of what peers show and see. */
#ifndef EXPORTER_ENGINE_LISTENER_TRACE_H
#define EXPORTER_ENGINE_LISTENER_TRACE_H

#include "base/buffer.h"
#include "sipprobe/engine.h"

struct store;

/* Why a trunk that is down is so, on one line; nothing of another. @r: of a trace or NULL
 */
void engine_listener_why(struct buffer *b, struct store *s, const char *trunk,
			 const struct trace_report *r);

/* As engine_events has them, with a cell of the listener's. */
void engine_listener_seen_as_h(void *p, const struct mirror_view *view, void *arg);
void engine_listener_mirrored_h(void *p, unsigned signs, void *arg);
void engine_listener_peer_shown_h(void *p, unsigned traits, void *arg);
void engine_listener_peer_changed_h(void *p, const struct peer_change *c, void *arg);

/* As engine_events has it, with the struct store as @arg. */
void engine_listener_traced_h(const char *trunk, const struct trace_report *r,
			      bool by_hand, void *arg);

#endif

/* The part of the listener that hears of calls. */
#ifndef EXPORTER_ENGINE_LISTENER_CALLS_H
#define EXPORTER_ENGINE_LISTENER_CALLS_H

#include "sipprobe/engine.h"

struct store;

/*
 * A call's story in one line of the log: whatever it came to, as each is rare, costs and
 * is worth knowing. @trunk, @address: of its series
 */
void engine_listener_call_done(const struct probe_result *r, const char *trunk,
			       const char *address);

/* A call that was due and not made. The same. */
void engine_listener_call_refused(const char *why, const char *trunk,
				  const char *address);

/* As engine_events has them, with the struct store as @arg. */
void engine_listener_calls_open_h(const char *trunk, unsigned open, void *arg);
void engine_listener_call_made_h(const char *trunk, const struct call_report *r,
				 void *arg);
void engine_listener_call_not_ended_h(const char *trunk, const char *number,
				      const char *why, void *arg);
void engine_listener_media_lateness_h(const struct media_lateness *l, void *arg);

#endif

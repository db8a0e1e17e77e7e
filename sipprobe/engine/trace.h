/*
 * A trace from its begin to its end: the way by TTL, then, where the peer answers, the
 * SIP hops behind it by Max-Forwards. Main thread only.
 */
#ifndef SIPPROBE_ENGINE_TRACE_H
#define SIPPROBE_ENGINE_TRACE_H

#include "sipprobe/dns/resolve.h"
#include "sipprobe/trace.h"

struct engine;
struct trace;

/* Texts are copied, the configuration is held. */
struct trace_task {
	const char *uri;			/* of the trunk */
	const char *name;			/* its name, or NULL */
	const char *path;			/* in place of websocket.path, or NULL */
	const struct config_settings *settings; /* of @conf, or the caller's to keep */
	const struct config *conf;
	struct resolve_address address; /* to trace to */
	bool any_port; /* leave the port to send from to an exporter beside us */
	bool sip_hops; /* ask with Max-Forwards too, if the peer answers */
	bool silent;   /* the peer did not answer when it was asked last */
	bool by_hand;  /* somebody asked for it */
};

/* Something more is known; with @r->ended the trace is over, and gone after this. */
typedef void(trace_h)(const struct trace_report *r, void *arg);

/*
 * Begins a trace: up to TRACE_HOPS hops, each asked TRACE_TRIES times at least a second
 * apart while it is silent. It ends early behind the hop that ends the way. Harmless to
 * the probes of the same trunk: what comes back is told apart by its branch. A trace of a
 * trunk with a name is also told by traced_h of the engine's events.
 *
 * Returns 0 or errno; on failure @h never runs.
 */
int trace_start(struct trace **tp, struct engine *e, const struct trace_task *task,
		trace_h *h, void *arg);

/* Ends it untold. NULL is ignored. */
void trace_cancel(struct trace *t);

#endif

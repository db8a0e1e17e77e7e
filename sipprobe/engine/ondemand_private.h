/* The inside of a probe on demand, shared by once*.c. */
#ifndef SIPPROBE_ENGINE_ONDEMAND_PRIVATE_H
#define SIPPROBE_ENGINE_ONDEMAND_PRIVATE_H

#include "config/uri.h"
#include "sipprobe/dns/resolve.h"
#include "sipprobe/engine/trace.h"
#include "sipprobe/ondemand.h"
#include "sipprobe/target/target.h"
#include "sipprobe/tls/tls_rehearsal.h"

/* One address in place of all that a name has. */
struct ondemand_address {
	struct resolve_address a;
};

struct ondemand {
	struct engine *engine;
	struct target_group group; /* what its targets tell is told to us */
	struct target_owner owner; /* of its targets: no trunk */
	struct resolver *resolver;
	struct config *held;
	struct config_trunk conf;
	struct config_settings settings;
	struct config_register registration;  /* of `settings`, if it has any */
	const struct config_settings *shared; /* what `settings` was copied from */
	const struct config_probe *access;
	struct config_uri uri; /* of `conf.uri`, which is ours */
	struct config_uri hop; /* where requests go first: that, or a proxy */
	char *text;
	char *trust_with; /* or NULL */
	char *path;	  /* or NULL */
	struct tls_rehearsal *rehearsal;
	struct wheel_timer timer;
	struct resolve *resolve;
	struct target *targets[ONDEMAND_ANSWERS_MAX];
	struct ondemand_answer *answers; /* NULL until there are addresses */
	unsigned count;
	unsigned pending;
	int64_t begun_ns;
	int64_t timeout_us;
	int64_t call_us; /* what a call may take besides; 0: none is made */
	bool ladder;
	bool any_port;
	bool traces; /* a trace is still to be made */
	struct trace *trace;
	struct trace_report traced;
	void (*trace_h)(const struct ondemand_report *r, const struct trace_report *t,
			void *arg);
	struct ondemand_address only; /* with @alone */
	bool alone;
	struct ondemand_report report;
	ondemand_h *h;
	void *arg;
};

/* Handlers of its targets; the struct ondemand is @arg, and a cell one of its answers. */
extern const struct probe_events ondemand_events;

/*
 * Begins the trace that was asked for, where there is an address to trace to. Returns
 * whether the report has to wait for it.
 */
bool ondemand_trace(struct ondemand *o);

/* Delivers the report when the loop is back: its targets may be at work now. */
void ondemand_deliver_soon(struct ondemand *o);

/* Ends an answer, unless it has ended; with the last one the report is due. */
void ondemand_answered(struct ondemand *o, struct ondemand_answer *a,
		       const struct probe_result *r);

/* Sorts the answers and makes the report's state of them. There is at least one. */
void ondemand_sum_up(struct ondemand *o);

/* Frees what answers hold besides: the texts of their ladders. */
void ondemand_answers_free(struct ondemand *o);

/* Whether what is probed is an address and no name. */
bool ondemand_is_literal(const struct config_uri *uri);

/* Whether the host may be asked for at all. */
bool ondemand_name_allowed(const struct ondemand *o);

/* Whether all addresses may be probed; if not, @outside is set to one that may not. */
bool ondemand_inside(const struct ondemand *o, const struct resolve_result *res,
		     struct sa *outside);

#endif

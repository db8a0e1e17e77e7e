/* The inside of a probe on demand, shared by once*.c. */
#ifndef SIPPROBE_ONCE_PRIVATE_H
#define SIPPROBE_ONCE_PRIVATE_H

#include "sipprobe/once.h"
#include "sipprobe/core.h"
#include "sipprobe/resolve.h"
#include "config/uri.h"

struct target;
struct trunk;

struct once {
	struct core core; /* the engine's, but what is told is told to us */
	struct config *held;
	struct config_trunk conf;
	struct config_settings settings;
	struct config_register registration;  /* of `settings`, if it has any */
	const struct config_settings *shared; /* what `settings` was copied from */
	const struct config_probe *fence;
	struct config_uri uri; /* of `conf.uri`, which is ours */
	struct config_uri hop; /* where requests go first: that, or a proxy */
	char *text;
	struct trunk *trunk; /* never started: it only tells targets what they are for */
	struct wheel_timer timer;
	struct resolve *resolve;
	struct target *targets[ONCE_ANSWERS_MAX];
	struct once_answer *answers; /* NULL until there are addresses */
	unsigned count;
	unsigned pending;
	int64_t begun_ns;
	int64_t timeout_us;
	bool ladder;
	struct once_report report;
	once_h *h;
	void *arg;
};

/* What the targets tell; the struct once is @arg, and a cell one of its answers. */
extern const struct engine_events once_events;

/* Delivers the report when the loop is back: its targets may be at work now. */
void once_deliver_soon(struct once *o);

/* Ends an answer, unless it has ended; with the last one the report is due. */
void once_answered(struct once *o, struct once_answer *a, const struct probe_result *r);

/* Sorts the answers and makes the report's state of them. There is at least one. */
void once_sum_up(struct once *o);

/* Frees what answers hold besides: the texts of their ladders. */
void once_answers_free(struct once *o);

/* Whether what is probed is an address and no name. */
bool once_is_literal(const struct config_uri *uri);

/* Whether the host may be asked for at all. */
bool once_name_allowed(const struct once *o);

/* Whether all addresses may be probed; if not, @outside is set to one that may not. */
bool once_inside(const struct once *o, const struct resolve_result *res,
		 struct sa *outside);

#endif

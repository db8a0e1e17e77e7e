/* Methods by which a trunk can be probed: a row each. */
#ifndef SIPPROBE_TARGET_PROBER_H
#define SIPPROBE_TARGET_PROBER_H

#include <stdbool.h>

#include "config/config.h"
#include "sipprobe/probe.h"

struct guard_message;
struct request_info;
struct target;

struct prober {
	const char *method; /* of the request, and the metrics' label */
	bool fingerprinted; /* its answers show the peer as it is: the same each time */
	bool keeps_call;    /* one Call-ID for all probes, with rising CSeq */
	bool heeded; /* its owner is told of each result, not only of what tips a state */
	bool steady; /* it keeps to its interval whatever the state; it has no verdict yet
		      * for long */
	/*
	 * Begins a probe, or its next transaction. Its result follows
	 * from the loop, exactly once, and never inside this call.
	 *
	 * Returns 0 or errno; on failure the caller makes the result of it.
	 */
	int (*start)(struct target *t);

	/* The rest may be NULL. A prober with prepare has an exchange (exchange.h). */

	/* Says what sets the next request apart. Returns 0 or errno. */
	int (*prepare)(struct target *t, struct request_info *info);
	/* Whether to answer a final response, not a challenge, with another request. */
	bool (*again)(struct target *t, const struct guard_message *m);
	/* Adds to a result and may change its verdict. @m: NULL without a response. */
	void (*conclude)(struct target *t, const struct guard_message *m,
			 struct probe_result *r);
	/* The interval where it is not the trunk's own; 0: it is. */
	int64_t (*interval_us)(const struct config_settings *s);
	/* Monotonic time at which a probe is due whatever the interval; 0: none is. */
	int64_t (*due_ns)(const struct target *t);
	/*
	 * Whether something is left to be taken back by one more probe, the last.
	 * @all: whoever else holds the same ends too
	 */
	bool (*unregister)(struct target *t, bool all);
	/* The longest that a probe lasts; NULL: the trunk's timeout. */
	int64_t (*timeout_us)(const struct config_settings *s);
	/* Whether no probe may begin now: then it has seen to what comes instead. */
	bool (*refuses)(struct target *t);
	/* The probe under way is dropped, untold. */
	void (*leave)(struct target *t);
	/* Its deadline came. Whether it made the result of it. */
	bool (*expire)(struct target *t);
	/* Whether its connection is to be kept between probes, whatever is set. */
	bool (*keeps_connection)(const struct target *t);
};

#endif

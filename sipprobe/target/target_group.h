/* The surroundings of a target: a group that it belongs to, and an owner that it reports
 * to. */
#ifndef SIPPROBE_TARGET_TARGET_GROUP_H
#define SIPPROBE_TARGET_TARGET_GROUP_H

#include "config/config.h"
#include "sipprobe/engine.h"
#include "sipprobe/target/services.h"

struct bindings;
struct target;
struct target_owner_handlers;
struct tls_cache;
struct tls_rehearsal;

/*
 * Targets with one listener: all of the schedule's, or those of a probe on demand. Kept
 * by whoever made it until the last of them is gone.
 */
struct target_group {
	struct services *services;
	const struct probe_events *events;
	void *arg;
	struct peers *peers;   /* where their addresses are known to demux */
	struct tls_cache *tls; /* in force */
	/* What peers show is judged by it too, and rehearsal_h told; or NULL. */
	const struct tls_rehearsal *rehearsal;
	const struct config *conf; /* in force; NULL: none yet */
	struct bindings *bindings; /* of those that register; NULL: none does */
	/* Where the port of `local` has a connection to the peer any other will do. */
	bool any_port;
	bool expecting; /* who leaves now may have a successor, see target_remove() */
	struct list unregistering; /* targets that take back what they registered */
	void (*unregistered_h)(void *arg); /* when the last of them is done; or NULL */
	void *unregistered_arg;
};

/*
 * Whose a target is. Embedded in what owns it, which outlives the target, but for one
 * that unregisters: it goes on with a copy.
 */
struct target_owner {
	const struct config_trunk *conf; /* in force */
	void *row;			 /* what trunk_add_h returned; NULL: nobody's */
	const struct target_owner_handlers *handlers; /* NULL: none */
	/* Until when the answers that its peer had are spent, less a bit for `paused`. */
	int64_t answers_ns : 63;
	bool paused : 1; /* its targets are there to be known by, and no more */
};

struct target_owner_handlers {
	/*
	 * A result is there that tipped a state of the target (@changed), or any of one
	 * whose prober is `heeded`. Or NULL
	 */
	void (*result_h)(struct target_owner *o, const struct target *t,
			 const struct probe_result *last, bool changed);
	/* The peer pinged us. Or NULL */
	void (*seen_h)(struct target_owner *o);
};

#endif

/*
 * A target: one address of a trunk, probed by one method on its own schedule. It runs one
 * probe at a time, through the client transaction of RFC 3261 17.1.2 with a deadline of
 * its own: idle, trying, proceeding, and idle again with one result.
 */
#ifndef SIPPROBE_TARGET_TARGET_H
#define SIPPROBE_TARGET_TARGET_H

#include "sipprobe/dns/resolve.h"
#include "sipprobe/target/target_group.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_stream.h"
#include "sipprobe/target/target_unregister.h"

struct prober;

/*
 * Makes a target and tells it to the group's listener; the first probe is scheduled.
 *
 * @resolve_ns: how long its name took to resolve, -1 for an address literal
 *
 * Returns 0 or errno. Freed with mem_deref(), which ends a probe under way untold.
 */
int target_alloc(struct target **tp, struct target_group *group,
		 struct target_owner *owner, const struct prober *prober,
		 const struct resolve_address *address, int64_t resolve_ns);

/* The trunk's description moved to a newer configuration, in which it is the same. */
void target_move(struct target *t);

/* Its parts and its state; nothing of it is the caller's to free. */
struct target_owner *target_owner(const struct target *t);
const struct resolve_address *target_address(const struct target *t);
const struct prober *target_prober(const struct target *t);

/* Its state as the trunk counts, which may go on from that of an address before it. */
enum health_state target_state(const struct target *t);
struct health target_health(const struct target *t);

/* Its state by its own results alone. */
enum health_state target_own_state(const struct target *t);

/* When it is probed next; while a probe is under way, when that began. */
int64_t target_due_ns(const struct target *t);

/* The deadline of the probe under way, monotonic; 0: there is none. */
int64_t target_busy_until_ns(const struct target *t);

/*
 * Of a target just made: it takes the place of another, whose state and counting for
 * `fall` and `rise` go on with it.
 *
 * @due_ns: it is probed no later than this, but where target_take_turn() is to say
 */
void target_take_over(struct target *t, struct health health, int64_t due_ns);

/* Its place in time: of a target that goes, for one that takes it. */
struct target_turn {
	const struct prober *prober;
	int64_t due_ns;	     /* target_due_ns() */
	int64_t begun_ns;    /* its last probe; 0: there was none */
	int64_t interval_ns; /* that these came by */
	uint32_t phase;
};

struct target_turn target_turn(const struct target *t);

/*
 * Of a target just made, whose probes cost: it begins no sooner than the other would
 * have, so that neither a name that changes nor a reload buys a call. Others it leaves
 * as they are.
 *
 * @whole: the other goes, and all of its place is to be had; else its last probe counts
 */
void target_take_turn(struct target *t, const struct target_turn *turn, bool whole);

/*
 * How well our end @local of what came in suits the one that the trunk sends from: 2 the
 * same, 1 the trunk does not care, 0 another. Over TCP and TLS another port is no other
 * end.
 */
int target_fits_local(const struct target *t, const struct sa *local);

/* The `local` that requests leave from. */
const struct config_local *target_local(const struct target *t);

/*
 * Writes the URI for Contact of answers to the peer.
 *
 * @local: our end, as the peer sees it
 *
 * Returns 0; ENOENT when no `contact` is set; ENOMEM; ENOBUFS.
 */
int target_contact(const struct target *t, char *out, size_t size,
		   const struct sa *local);

/* The DSCP of what is sent to it. */
unsigned target_dscp(const struct target *t);

/* Keeps an address that DNS still gives; its order may have changed. */
void target_reprioritize(struct target *t, const struct resolve_address *address,
			 int64_t resolve_ns);

#endif

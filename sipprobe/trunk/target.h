/*
 * A target: one address of a trunk, probed by one method on its own schedule. It runs one
 * probe at a time, through the client transaction of RFC 3261 17.1.2 with a deadline of
 * its own: idle, trying, proceeding, and idle again with one result.
 */
#ifndef SIPPROBE_TRUNK_TARGET_H
#define SIPPROBE_TRUNK_TARGET_H

#include "sipprobe/dns/resolve.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/trunk/services.h"

struct prober;
struct target;
struct tls_cache;
struct udp;

/*
 * Targets with one listener: all of the schedule's, or those of a probe on demand. Kept
 * by whoever made it until the last of them is gone.
 */
struct target_group {
	struct services *services;
	const struct probe_events *events;
	void *arg;
	struct peers *peers;	   /* where their addresses are known to demux */
	struct tls_cache *tls;	   /* in force */
	const struct config *conf; /* in force; NULL: none yet */
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
	/* A result is there. @changed: it tipped the target's state. Or NULL */
	void (*result_h)(struct target_owner *o, const struct target *t,
			 const struct probe_result *last, bool changed);
	/* The peer pinged us. Or NULL */
	void (*seen_h)(struct target_owner *o);
};

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

/*
 * Gives a target up, in place of mem_deref(), before its trunk goes: one that is
 * registered at its peer takes that back first, on its own, and is freed after it.
 */
void target_remove(struct target *t);

/*
 * Lets a target that is registered at its peer take that back at @at_ns, and then probe
 * no more; it stays its owner's. Returns whether there is anything to take back.
 */
bool target_unregister(struct target *t, int64_t at_ns);

/*
 * Takes in what a datagram or a stream message, that passed the guard, answers. @src was
 * checked by the caller only as far as it knows: for UDP the target compares it.
 *
 * Returns false if it answers nothing of this target.
 */
bool target_response(struct target *t, const struct sa *src,
		     const struct guard_message *m, int64_t rx_ns);

/* An ICMP error for what the target sent. */
void target_icmp(struct target *t, int err);

/* Whether @branch is that of the request under way, e.g. in a returned datagram. */
bool target_owns_branch(const struct target *t, const struct pl *branch);

/* The peer sent bytes that are not SIP: silence until the deadline is PROBE_PROTOCOL. */
void target_garbage(struct target *t, const char *buf, size_t len, int64_t rx_ns);

/* The trunk's description moved to a newer configuration, in which it is the same. */
void target_move(struct target *t);

/* UDP sockets came or went: the one to send from is to be chosen anew. */
void target_rebind(struct target *t);

/* Begins a probe now instead of at the next due time. Not while one is under way. */
void target_probe_now(struct target *t);

/* Its parts and its state; nothing of it is the caller's to free. */
struct target_owner *target_owner(const struct target *t);
const struct resolve_address *target_address(const struct target *t);
const struct prober *target_prober(const struct target *t);
enum health_state target_state(const struct target *t);

/*
 * How well our end @local of what came in suits the one that the trunk sends from: 2 the
 * same, 1 the trunk does not care, 0 another.
 */
int target_fits_local(const struct target *t, const struct sa *local);

/* The `local` that requests leave from. */
const struct config_local *target_local(const struct target *t);

/* The DSCP of what is sent to it. */
unsigned target_dscp(const struct target *t);

/* The identity that the peer must prove over TLS. Returns 0 or EINVAL. */
int target_peer_name(const struct target *t, char *out, size_t size);

/* Keeps an address that DNS still gives; its order may have changed. */
void target_reprioritize(struct target *t, const struct resolve_address *address,
			 int64_t resolve_ns);

#endif

/* A trunk's inside, shared by trunk*.c only. */
#ifndef SIPPROBE_TRUNK_TRUNK_PRIVATE_H
#define SIPPROBE_TRUNK_TRUNK_PRIVATE_H

#include "sipprobe/trunk/heartbeat.h"
#include "sipprobe/trunk/trunk.h"

struct naming; /* mem_deref() */

struct trunk {
	struct target_owner owner; /* of its targets; first */
	struct trunk_group *group;
	struct target **targets;     /* an address's checks need not stand side by side */
	struct naming *naming;	     /* NULL: its host is an address */
	struct heartbeat *heartbeat; /* of the peer's own pings, or NULL */
	int64_t since_ns;	     /* of the state */
	uint16_t target_count;
	uint16_t reported_total;
	uint16_t reported_up;
	uint8_t state; /* enum health_state */
};

/* trunk_names.c: the trunk's name, resolved for as long as it lives. */
int naming_alloc(struct naming **np, struct trunk *t);

/* Begins a resolution; its end sets the trunk's addresses. */
void naming_resolve(struct naming *n);

/*
 * After a reload, which put another resolver in force. The same where one is under way,
 * whose resolver took it along unanswered; and where no address answers: the new resolver
 * has nothing remembered, so who reloads after a change of DNS sees it at once.
 */
void naming_restart(struct naming *n);

/*
 * After a change of state: while no address answers, the next resolution comes sooner
 * than the TTL's end, since an outage may be mended by a change of DNS.
 */
void naming_review(struct naming *n);

/* By resolutions alone, for as long as there is no address. @n: NULL: unknown */
enum health_state naming_state(const struct naming *n);

/*
 * trunk_targets.c: has targets for just these addresses, a check each; those that stay
 * keep all they know.
 *
 * @resolve_ns: what the resolution took; -1: there was none
 *
 * Returns 0 or errno; on failure some may be missing.
 */
int trunk_set_addresses(struct trunk *t, const struct resolve_result *res,
			int64_t resolve_ns);
bool trunk_same_address(const struct target *target, const struct resolve_address *a);

/* trunk_state.c: how many addresses there are. @always: tell also what was told before */
void trunk_tell_addresses(struct trunk *t, bool always);

/*
 * Sums the state up and tells when it is another.
 *
 * @target, @last: what brought the change, or NULL; @inbound: the peer's pings did
 */
void trunk_update(struct trunk *t, const struct target *target,
		  const struct probe_result *last, bool inbound);

/* trunk_state.c: a target_owner's handler. */
void trunk_result_h(struct target_owner *o, const struct target *target,
		    const struct probe_result *last, bool changed);

static inline struct ticker *trunk_ticker(const struct trunk *t)
{
	return t->group->targets.services->ticker;
}

#endif

/*
 * Who takes over from whom when the addresses of a trunk change: the state after `fall`
 * and `rise` is the trunk's, and outlives the addresses that it was learnt from.
 */
#ifndef SIPPROBE_TRUNK_TRUNK_HEIRS_H
#define SIPPROBE_TRUNK_TRUNK_HEIRS_H

#include "sipprobe/dns/resolve.h"
#include "sipprobe/health.h"

struct prober;
struct target;

/* A target as it was before the change. */
struct former {
	const struct prober *prober;
	struct health health;
	int64_t due_ns;
	uint16_t priority;
	bool vacant; /* it goes, and nobody took its place yet */
};

struct heirs {
	struct former formers[RESOLVE_ADDRESSES_MAX * CONFIG_METHODS];
	size_t count;
	enum health_state trunk; /* by its addresses, before the change */
	struct health first;	 /* of the trunk's first addresses: what they continue */
};

/* Notes a target before the change. @goes: its address is not among the new ones */
void heirs_note(struct heirs *h, const struct target *t, bool goes);

/*
 * Gives a new target the place of one that goes: one of the same check, rather of the
 * same priority, and of several the one that is best off. With more new ones than
 * places, it goes on from the best of all that there were.
 */
void heirs_settle(struct heirs *h, struct target *t);

#endif

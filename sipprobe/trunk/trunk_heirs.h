/*
 * Who takes over from whom when the addresses of a trunk change: the state after `fall`
 * and `rise` is the trunk's, and outlives the addresses that it was learnt from.
 */
#ifndef SIPPROBE_TRUNK_TRUNK_HEIRS_H
#define SIPPROBE_TRUNK_TRUNK_HEIRS_H

#include "sipprobe/dns/resolve.h"
#include "sipprobe/health.h"
#include "sipprobe/target/target.h"

/* What goes on over a reload that changes a trunk: the turns of its calls. */
struct heirs_turns {
	size_t count;
	struct target_turn list[];
};

/* A target as it was before the change. */
struct former {
	struct target_turn turn;
	struct health health;
	uint16_t priority;
	bool vacant;  /* it goes, and nobody took its place yet */
	bool earlier; /* of the trunk before a reload: nothing but its turn goes on */
};

struct heirs {
	struct former formers[RESOLVE_ADDRESSES_MAX * CONFIG_METHODS];
	size_t count;
	enum health_state trunk; /* by its addresses, before the change */
	struct health first;	 /* of the trunk's first addresses: what they continue */
};

/* Notes a target before the change. @goes: its address is not among the new ones */
void heirs_note(struct heirs *h, const struct target *t, bool goes);

/* Those of a trunk's targets that cost, before it goes; NULL: there are none, or no
 * memory for them. mem_deref() */
struct heirs_turns *heirs_turns_of(struct target *const *targets, size_t count);

/* Notes them, before the first targets of the trunk that follows. NULL is ignored. */
void heirs_note_turns(struct heirs *h, const struct heirs_turns *turns);

/*
 * Gives a new target the place of one that goes: one of the same check, rather of the
 * same priority, and of several the one that is best off. With more new ones than
 * places, it goes on from the best of all that there were.
 */
void heirs_settle(struct heirs *h, struct target *t);

#endif

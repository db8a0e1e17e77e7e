/* A trunk's inside, for trunk*.c only. */
#ifndef SIPPROBE_TRUNK_TRUNK_PARTS_H
#define SIPPROBE_TRUNK_TRUNK_PARTS_H

#include "sipprobe/trunk/trunk_group.h"

struct heartbeat;
struct heirs_turns;
struct naming;
struct registrar;
struct target;

/* What most trunks do without. */
struct trunk_more {
	struct registrar *registrar; /* NULL: REGISTER, if at all, at all addresses */
	struct heartbeat *heartbeat; /* of the peer's own pings, or NULL */
	struct heirs_turns
		*turns; /* of the trunk before a reload, for the first targets */
};

struct trunk {
	struct target_owner owner; /* of its targets; first */
	struct trunk_group *group;
	/* An address's checks need not stand side by side: trunk_targets(). */
	union {
		struct target *one;
		struct target **list; /* owned */
	};
	struct naming *naming;	 /* NULL: its host is an address */
	struct trunk_more *more; /* owned; NULL: it has none of that */
	int64_t since_ns;	 /* of the state */
	uint16_t target_count;
	uint16_t reported_total;
	uint16_t reported_up;
	uint8_t state;	/* enum health_state, as told */
	uint8_t sum;	/* the same by its addresses alone, without the peer's pings */
	bool many;	/* of its targets there were more than one: a list */
	bool waiting;	/* for trunk_begin() */
	bool succeeded; /* when it goes, another comes that registers the same */
};

static inline struct ticker *trunk_ticker(const struct trunk *t)
{
	return t->group->targets.services->ticker;
}

static inline struct registrar *trunk_registrar(const struct trunk *t)
{
	return t->more ? t->more->registrar : NULL;
}

static inline struct heartbeat *trunk_heartbeat(const struct trunk *t)
{
	return t->more ? t->more->heartbeat : NULL;
}

/* Those to be written to; NULL: there is no memory for them. */
struct trunk_more *trunk_more(struct trunk *t);

/* A place for each; whose trunk is const may move none. */
static inline struct target **trunk_targets(const struct trunk *t)
{
	return t->many ? t->list : (struct target **)(uintptr_t)&t->one;
}

#endif

/* A trunk's inside, for trunk*.c only. */
#ifndef SIPPROBE_TRUNK_TRUNK_PARTS_H
#define SIPPROBE_TRUNK_TRUNK_PARTS_H

#include "sipprobe/trunk/trunk_group.h"

struct heartbeat;
struct naming;
struct registrar;
struct target;

struct trunk {
	struct target_owner owner; /* of its targets; first */
	struct trunk_group *group;
	struct target **targets;     /* an address's checks need not stand side by side */
	struct naming *naming;	     /* NULL: its host is an address */
	struct registrar *registrar; /* NULL: REGISTER, if at all, at all addresses */
	struct heartbeat *heartbeat; /* of the peer's own pings, or NULL */
	int64_t since_ns;	     /* of the state */
	int64_t paused_until_s;	     /* as told */
	uint16_t target_count;
	uint16_t reported_total;
	uint16_t reported_up;
	uint8_t state;	/* enum health_state, as told */
	uint8_t sum;	/* the same by its addresses alone, without the peer's pings */
	bool waiting;	/* for trunk_begin() */
	bool succeeded; /* when it goes, another comes that registers the same */
};

static inline struct ticker *trunk_ticker(const struct trunk *t)
{
	return t->group->targets.services->ticker;
}

#endif

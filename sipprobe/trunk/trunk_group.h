/* The surroundings of a trunk. */
#ifndef SIPPROBE_TRUNK_TRUNK_GROUP_H
#define SIPPROBE_TRUNK_TRUNK_GROUP_H

#include "sipprobe/dns/resolvers.h"
#include "sipprobe/target/target_group.h"

/* The common ground of an engine's trunks, which keeps it until the last is gone. */
struct trunk_group {
	struct target_group targets;
	const struct engine_events *events;
	void *arg;
	struct resolvers resolvers;
};

#endif

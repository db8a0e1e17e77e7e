/* The surroundings of a trunk. */
#ifndef SIPPROBE_TRUNK_TRUNK_GROUP_H
#define SIPPROBE_TRUNK_TRUNK_GROUP_H

#include "sipprobe/dns/resolvers.h"
#include "sipprobe/target/target_group.h"

struct trunk;
struct target;

/* The common ground of an engine's trunks, which keeps it until the last is gone. */
struct trunk_group {
	struct target_group targets;
	const struct engine_events *events;
	void *arg;
	struct resolvers resolvers;
	size_t namings; /* trunks whose hosts are names, or that are new */
	/* A trunk went down by a result of @target's. NULL: nobody asks */
	void (*down_h)(const struct trunk *t, const struct target *target,
		       const struct probe_result *last, void *arg);
	void *down_arg;
};

#endif

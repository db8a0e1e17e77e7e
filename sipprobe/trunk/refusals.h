/*
 * What is refused comes as fast as anybody likes to send it: told of now and then, with
 * how often it happened. Main thread only.
 */
#ifndef SIPPROBE_TRUNK_REFUSALS_H
#define SIPPROBE_TRUNK_REFUSALS_H

#include "sipprobe/engine.h"
#include "sipprobe/loop/compat.h"

/* Zeroed at first. */
struct refusals {
	int64_t told_ns[ENGINE_STRAYS]; /* monotonic; 0: never */
	uint64_t count[ENGINE_STRAYS];	/* since then */
};

/* Notes one of @peer, and tells by refused_h with @arg, at once or another time. */
void refusals_note(struct refusals *r, enum engine_stray why, const struct sa *peer,
		   const struct engine_events *events, void *arg);

#endif

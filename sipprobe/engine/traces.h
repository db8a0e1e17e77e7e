/*
 * Traces of trunks that went down, where their settings ask for one: a few at once over
 * all trunks, and so many more wait for their turn. Past that there is none: ten thousand
 * trunks that are down together have one cause.
 */
#ifndef SIPPROBE_ENGINE_TRACES_H
#define SIPPROBE_ENGINE_TRACES_H

enum {
	TRACES_AT_ONCE = 4,
	TRACES_WAITING = 64,
};

struct engine;
struct traces; /* mem_deref() ends them untold */

/* Listens to the engine's trunks from now on. Returns 0 or ENOMEM. */
int traces_alloc(struct traces **tp, struct engine *e);

#endif

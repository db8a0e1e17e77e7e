/*
 * Trunks that come, and whose host is an address: their targets are made a few at a
 * time from the loop, which has other things to do as well. What each needs for that is
 * there for one of them only, and nothing of it for the many that wait.
 */
#ifndef SIPPROBE_ENGINE_ENGINE_STARTS_H
#define SIPPROBE_ENGINE_ENGINE_STARTS_H

struct engine;

/* Returns 0 or errno. */
int engine_starts_alloc(struct engine *e);

/* Trunks came, or went: looks at all that there are now. */
void engine_starts_go(struct engine *e);

#endif

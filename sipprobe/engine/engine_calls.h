/* The calls of an engine: what they tell, and how they end with it. */
#ifndef SIPPROBE_ENGINE_ENGINE_CALLS_H
#define SIPPROBE_ENGINE_ENGINE_CALLS_H

struct engine;

/* After the services that calls are made with. Returns 0 or ENOMEM. */
int engine_calls_alloc(struct engine *e);

/* Of engine_stop.c: while it stops, whether nothing is left to wait for. */
void engine_stop_review_h(void *arg);

#endif

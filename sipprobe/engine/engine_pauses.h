/* Timed pauses of an engine's trunks, which end, by the wall clock, without a reload. */
#ifndef SIPPROBE_ENGINE_ENGINE_PAUSES_H
#define SIPPROBE_ENGINE_ENGINE_PAUSES_H

struct engine;

/* Reviews them now, and again when one ends. After each change of the trunks. */
void engine_review_pauses(struct engine *e);

#endif

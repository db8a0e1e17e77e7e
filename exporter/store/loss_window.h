/* What was lost in the last half hour, in steps of five minutes. Pure, without a clock.
 */
#ifndef EXPORTER_STORE_LOSS_WINDOW_H
#define EXPORTER_STORE_LOSS_WINDOW_H

#include <stdint.h>

#include "sipprobe/probe.h"

enum { LOSS_WINDOW_STEPS = 6, LOSS_WINDOW_STEP_S = 5 * 60 };

/* Zeroed at first. */
struct loss_window {
	uint16_t step; /* the newest, counted since the epoch; it comes round in months */
	struct loss_window_step {
		uint16_t requests; /* no more than it can hold */
		uint16_t lost;
		uint16_t lost_there;
		uint16_t lost_back;
	} steps[LOSS_WINDOW_STEPS]; /* a ring, by step modulo its length */
};

/*
 * Where nothing was lost before, so that nothing was written down: @requests of the half
 * hour until now, taken to have been even.
 */
void loss_window_begin(struct loss_window *w, int64_t now_s, uint32_t requests);

void loss_window_add(struct loss_window *w, int64_t now_s, const struct probe_loss *loss);

/* Adds to @sum what the last half hour had; answers are not kept. */
void loss_window_sum(const struct loss_window *w, int64_t now_s, struct probe_loss *sum);

#endif

#include "exporter/store/loss_window.h"

#include <string.h>

static uint16_t loss_window_plus(uint16_t a, uint32_t b)
{
	return b < (uint32_t)UINT16_MAX - a ? (uint16_t)(a + b) : UINT16_MAX;
}

/* Empties the steps between the newest one and @step, which then is the newest. */
static void loss_window_turn(struct loss_window *w, uint32_t step)
{
	if (step == w->step)
		return;
	if (step - w->step >= LOSS_WINDOW_STEPS)
		memset(w->steps, 0, sizeof(w->steps));
	else
		for (uint32_t i = w->step + 1; i != step + 1; i++)
			memset(&w->steps[i % LOSS_WINDOW_STEPS], 0, sizeof(w->steps[0]));
	w->step = step;
}

void loss_window_add(struct loss_window *w, int64_t now_s, uint32_t requests,
		     uint32_t lost)
{
	uint32_t step = (uint32_t)(now_s / LOSS_WINDOW_STEP_S);

	loss_window_turn(w, step);
	step %= LOSS_WINDOW_STEPS;
	w->steps[step].requests = loss_window_plus(w->steps[step].requests, requests);
	w->steps[step].lost = loss_window_plus(w->steps[step].lost, lost);
}

void loss_window_sum(const struct loss_window *w, int64_t now_s, uint32_t *requests,
		     uint32_t *lost)
{
	struct loss_window now = *w;

	loss_window_turn(&now, (uint32_t)(now_s / LOSS_WINDOW_STEP_S));
	for (int i = 0; i < LOSS_WINDOW_STEPS; i++) {
		*requests += now.steps[i].requests;
		*lost += now.steps[i].lost;
	}
}

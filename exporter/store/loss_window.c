#include "exporter/store/loss_window.h"

#include <string.h>

static uint16_t loss_window_plus(uint16_t a, uint32_t b)
{
	return b < (uint32_t)UINT16_MAX - a ? (uint16_t)(a + b) : UINT16_MAX;
}

/* Empties the steps between the newest one and @step, which then is the newest. */
static void loss_window_turn(struct loss_window *w, uint16_t step)
{
	uint16_t passed = (uint16_t)(step - w->step);

	for (uint16_t i = 1; i <= passed && i <= LOSS_WINDOW_STEPS; i++)
		memset(&w->steps[(uint16_t)(w->step + i) % LOSS_WINDOW_STEPS], 0,
		       sizeof(w->steps[0]));
	w->step = step;
}

void loss_window_begin(struct loss_window *w, int64_t now_s, uint32_t requests)
{
	*w = (struct loss_window){.step = (uint16_t)(now_s / LOSS_WINDOW_STEP_S)};
	for (uint32_t i = 0; i < LOSS_WINDOW_STEPS; i++)
		w->steps[i].requests =
			loss_window_plus(0, (requests + i) / LOSS_WINDOW_STEPS);
}

void loss_window_add(struct loss_window *w, int64_t now_s, const struct probe_loss *loss)
{
	uint16_t now = (uint16_t)(now_s / LOSS_WINDOW_STEP_S);
	struct loss_window_step *step = &w->steps[now % LOSS_WINDOW_STEPS];

	loss_window_turn(w, now);
	step->requests = loss_window_plus(step->requests, loss->requests);
	step->lost = loss_window_plus(step->lost, loss->lost);
	step->lost_there = loss_window_plus(step->lost_there, loss->lost_there);
	step->lost_back = loss_window_plus(step->lost_back, loss->lost_back);
}

void loss_window_sum(const struct loss_window *w, int64_t now_s, struct probe_loss *sum)
{
	struct loss_window now = *w;

	loss_window_turn(&now, (uint16_t)(now_s / LOSS_WINDOW_STEP_S));
	for (int i = 0; i < LOSS_WINDOW_STEPS; i++) {
		sum->requests += now.steps[i].requests;
		sum->lost += now.steps[i].lost;
		sum->lost_there += now.steps[i].lost_there;
		sum->lost_back += now.steps[i].lost_back;
	}
}

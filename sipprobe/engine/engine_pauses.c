/* Timed pauses of an engine's trunks, which end, by the wall clock, without a reload. */
#include "sipprobe/engine/engine_pauses.h"

#include "base/clock.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/trunk/trunk.h"
#include "sipprobe/trunk/trunk_pause.h"

/* How late a wall clock that was set is seen at most. */
#define PAUSES_LOOK_NS CLOCK_NS_PER_S

static void engine_pauses_due_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	engine_review_pauses(wheel_owner(timer, struct engine, pause_timer));
}

void engine_review_pauses(struct engine *e)
{
	int64_t least_ns = INT64_MAX;

	for (size_t i = 0; i < e->trunk_count; i++) {
		int64_t left_ns = trunk_pause_left_ns(e->trunks[i], PAUSES_LOOK_NS);

		if (left_ns == INT64_MAX)
			continue;
		trunk_review_pause(e->trunks[i]);
		left_ns = trunk_pause_left_ns(e->trunks[i], PAUSES_LOOK_NS);
		if (left_ns < least_ns)
			least_ns = left_ns;
	}
	ticker_cancel(e->services.ticker, &e->pause_timer);
	if (least_ns != INT64_MAX)
		ticker_start(e->services.ticker, &e->pause_timer,
			     clock_monotonic_ns() + least_ns, engine_pauses_due_h);
}

#include "sipprobe/engine/engine_starts.h"

#include "base/clock.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/loop/alarm.h"

/* Half a millisecond's work, for which answers wait. */
enum { STARTS_AT_ONCE = 32 };

/* Where there was no memory for one there may be by then. */
#define STARTS_AGAIN_NS CLOCK_NS_PER_S

/* The next one that waits; NULL: none does. */
static struct trunk *engine_starts_next(struct engine *e)
{
	while (e->starts_at < e->trunk_count && !trunk_waits(e->trunks[e->starts_at]))
		e->starts_at++;
	return e->starts_at < e->trunk_count ? e->trunks[e->starts_at] : NULL;
}

static void engine_starts_h(void *arg)
{
	struct engine *e = arg;
	struct trunk *t = engine_starts_next(e);
	int err = 0;

	for (int i = 0; t && i < STARTS_AT_ONCE && !err; i++) {
		err = trunk_begin(t);
		t = engine_starts_next(e);
	}
	if (t)
		alarm_set(e->starts, err ? clock_monotonic_ns() + STARTS_AGAIN_NS : 0);
}

int engine_starts_alloc(struct engine *e)
{
	return alarm_alloc(&e->starts, engine_starts_h, e);
}

void engine_starts_go(struct engine *e)
{
	e->starts_at = 0;
	alarm_set(e->starts, 0);
}

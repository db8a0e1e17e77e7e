/* The end of an engine: what it registered is taken back, its calls are ended. */
#include "base/clock.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/engine/engine_calls.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/target/prober.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target.h"

static void stop_done_h(void *arg)
{
	struct engine *e = arg;
	void (*h)(void *arg) = e->stopped_h;

	ticker_cancel(e->services.ticker, &e->stop_timer);
	e->group.targets.unregistered_h = NULL;
	e->stopped_h = NULL;
	h(e->stopped_arg);
}

/* After a registration was taken back, or a call ended. */
void engine_stop_review_h(void *arg)
{
	struct engine *e = arg;

	if (e->stopped_h && list_isempty(&e->group.targets.unregistering) &&
	    !calls_open(e->services.calls))
		stop_done_h(e);
}

static void stop_late_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	stop_done_h(wheel_owner(timer, struct engine, stop_timer));
}

struct unregister_pace {
	size_t count;
	int64_t at_ns; /* of the next one */
	int64_t step_ns;
};

static void engine_count_h(struct target *t, void *arg)
{
	struct unregister_pace *b = arg;

	b->count += target_prober(t)->unregister != NULL;
}

static void engine_unregister_h(struct target *t, void *arg)
{
	struct unregister_pace *b = arg;

	if (target_unregister(t, b->at_ns))
		b->at_ns += b->step_ns;
}

/* Spread, so that many of them neither stall the loop nor flood a registrar. */
static void unregister_all(struct engine *e, int64_t now_ns)
{
	struct unregister_pace b = {.at_ns = now_ns, .step_ns = CLOCK_NS_PER_MS};
	int64_t span_ns = ENGINE_STOP_MS * CLOCK_NS_PER_MS / 2;

	registry_each(e->services.registry, engine_count_h, &b);
	if (b.count && span_ns / (int64_t)b.count < b.step_ns)
		b.step_ns = span_ns / (int64_t)b.count;
	registry_each(e->services.registry, engine_unregister_h, &b);
}

void engine_stop(struct engine *e, void (*h)(void *arg), void *arg)
{
	int64_t now_ns = clock_monotonic_ns();

	e->stopped_h = h;
	e->stopped_arg = arg;
	ticker_cancel(e->services.ticker, &e->pause_timer);
	ticker_start(e->services.ticker, &e->stop_timer,
		     now_ns + ENGINE_STOP_MS * CLOCK_NS_PER_MS, stop_late_h);
	unregister_all(e, now_ns);
	e->group.targets.unregistered_h = engine_stop_review_h;
	e->group.targets.unregistered_arg = e;
	calls_stop(e->services.calls);
	engine_stop_review_h(e);
}

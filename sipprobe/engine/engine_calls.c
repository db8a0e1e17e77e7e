#include "sipprobe/engine/engine_calls.h"

#include "base/clock.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/media/media.h"

static void engine_stop_look_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	engine_stop_review_h(wheel_owner(timer, struct engine, calls_timer));
}

static void engine_tell_lateness(const struct engine *e)
{
	const struct media *m = calls_media(e->services.calls);
	struct media_lateness l;

	if (!m || !e->group.events->media_lateness_h)
		return;
	media_lateness(m, &l);
	e->group.events->media_lateness_h(&l, e->group.arg);
}

static void engine_calls_open_h(const char *trunk, unsigned open, void *arg)
{
	struct engine *e = arg;

	if (e->group.events->calls_open_h)
		e->group.events->calls_open_h(trunk, open, e->group.arg);
	if (!open)
		engine_tell_lateness(e);
	/* Later: the call that ended is still at work. */
	if (!open && e->stopped_h && !e->services.closing)
		ticker_start(e->services.ticker, &e->calls_timer, clock_monotonic_ns(),
			     engine_stop_look_h);
}

static void engine_call_not_ended_h(const char *trunk, const char *number,
				    const char *why, void *arg)
{
	const struct engine *e = arg;

	if (e->group.events->call_not_ended_h)
		e->group.events->call_not_ended_h(trunk, number, why, e->group.arg);
}

static void engine_call_made_h(const char *trunk, const struct call_report *r, void *arg)
{
	const struct engine *e = arg;

	if (e->group.events->call_made_h)
		e->group.events->call_made_h(trunk, r, e->group.arg);
}

static const struct calls_events engine_calls_events = {
	.open_h = engine_calls_open_h,
	.not_ended_h = engine_call_not_ended_h,
	.made_h = engine_call_made_h,
};

int engine_calls_alloc(struct engine *e)
{
	const struct services *s = &e->services;
	const struct calls_conf conf = {
		.ticker = s->ticker,
		.sockets = s->sockets,
		.arrivals = s->arrivals,
		.arrivals_arg = s->arrivals_arg,
		.agent = s->agent,
		.events = &engine_calls_events,
		.arg = e,
	};

	return calls_alloc(&e->services.calls, &conf);
}

unsigned engine_calls_stop(struct engine *e)
{
	unsigned open = calls_open(e->services.calls);

	calls_stop(e->services.calls);
	return open;
}

void engine_calls_go_on(struct engine *e)
{
	calls_go_on(e->services.calls);
}

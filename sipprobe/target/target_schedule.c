/* When a target is probed next. */
#include "sipprobe/target/target_schedule.h"
#include "sipprobe/target/target_state.h"
#include "base/clock.h"
#include "sipprobe/target/registry.h"

#define RETRY_AFTER_MAX_NS (3600 * CLOCK_NS_PER_S)

enum { RETRY_AFTER_INTERVALS = 10 };

static int64_t own_interval_ns(const struct target *t)
{
	const struct config_settings *s = target_settings(t);
	int64_t own_us = t->prober->interval_us ? t->prober->interval_us(s) : 0;

	return (own_us ? own_us : s->interval_us) * CLOCK_NS_PER_US;
}

int64_t target_schedule_first_ns(struct target *t, const char *address, int64_t now_ns)
{
	t->phase = schedule_phase(t->owner->conf->name, address, t->prober->method);
	return schedule_first_ns(t->phase, own_interval_ns(t),
				 registry_count(target_services(t)->registry), now_ns);
}

/*
 * RFC 3261 21.5.4: who is told when to try again does not try before. But a monitor that
 * any peer can send to sleep is none: ten intervals, or an hour, is the most.
 */
static int64_t earliest_ns(const struct target *t, const struct probe_result *r,
			   int64_t now_ns)
{
	int64_t wait_ns = r->retry_after_s * CLOCK_NS_PER_S;
	int64_t most_ns =
		RETRY_AFTER_INTERVALS * target_settings(t)->interval_us * CLOCK_NS_PER_US;

	if (r->outcome != PROBE_RESPONSE || r->code != 503 || r->retry_after_s <= 0)
		return now_ns;
	if (most_ns > RETRY_AFTER_MAX_NS)
		most_ns = RETRY_AFTER_MAX_NS;
	return now_ns + (wait_ns < most_ns ? wait_ns : most_ns);
}

/*
 * After a failure, and until a target is up, it is probed faster. Either pace keeps to a
 * grid of its own by the target's phase: counted from the last probe, all targets that a
 * busy moment held up would go on in step ever after. Due times that have passed by are
 * left out, never made up for.
 */
int64_t target_schedule_next_ns(const struct target *t, const struct probe_result *r,
				int64_t now_ns)
{
	const struct config_settings *s = target_settings(t);
	bool fast = t->health.verdict == PROBE_DOWN || t->health.state == HEALTH_DOWN;
	int64_t interval_ns = own_interval_ns(t);
	int64_t down_ns = s->down_interval_us * CLOCK_NS_PER_US;
	int64_t by_ns = t->prober->due_ns ? t->prober->due_ns(t) : 0;
	int64_t least_ns = earliest_ns(t, r, now_ns);
	int64_t from_ns, at_ns;

	/* Refused credentials at a higher rate would only get us locked out. */
	if (fast && !t->attempt.refused && down_ns && down_ns < interval_ns)
		interval_ns = down_ns;
	from_ns = t->attempt.begun_ns + interval_ns / 2;
	at_ns = schedule_grid_ns(&target_services(t)->schedule, t->phase, interval_ns,
				 from_ns > least_ns ? from_ns : least_ns);
	if (by_ns && by_ns < at_ns)
		at_ns = by_ns > least_ns ? by_ns : least_ns;
	return at_ns;
}

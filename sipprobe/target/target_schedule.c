/* When a target is probed next. */
#include "sipprobe/target/target_schedule.h"

#include "base/clock.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target.h"
#include "sipprobe/target/target_state.h"

int64_t target_schedule_interval_ns(const struct target *t)
{
	const struct config_settings *s = target_settings(t);
	int64_t own_us = t->prober->interval_us ? t->prober->interval_us(s) : 0;

	return (own_us ? own_us : s->interval_us) * CLOCK_NS_PER_US;
}

static int64_t grid_ns(const struct target *t, int64_t interval_ns, int64_t from_ns)
{
	return schedule_grid_ns(&target_services(t)->schedule, t->phase, interval_ns,
				from_ns);
}

/*
 * What costs money begins within a minute, which no interval of it is below, at its place
 * there, not at once: a program that is started over and over would pay each time.
 */
enum { STEADY_FIRST_S = 60 };

int64_t target_schedule_first_ns(struct target *t, const char *address, int64_t now_ns)
{
	t->phase = schedule_phase(t->owner->conf->name, address, t->prober->method);
	if (t->prober->steady)
		return grid_ns(t, STEADY_FIRST_S * CLOCK_NS_PER_S, now_ns);
	return schedule_first_ns(t->phase, target_schedule_interval_ns(t),
				 registry_count(target_services(t)->registry), now_ns);
}

/*
 * After a failure, and until a target is up, it is probed faster. Refused credentials at
 * a higher rate would only get us locked out.
 */
static int64_t pace_ns(const struct target *t)
{
	bool fast = t->health.verdict == PROBE_DOWN || t->health.state == HEALTH_DOWN;
	int64_t own_ns = target_schedule_interval_ns(t);
	int64_t down_ns = target_settings(t)->down_interval_us * CLOCK_NS_PER_US;

	return fast && !t->prober->steady && !t->refused && down_ns && down_ns < own_ns
		       ? down_ns
		       : own_ns;
}

/*
 * Either pace keeps to a grid of its own by the target's phase: counted from the last
 * probe, all targets that a busy moment held up would go on in step ever after. Due times
 * that have passed by are left out, never made up for.
 */
static int64_t paced_ns(const struct target *t, int64_t interval_ns, int64_t now_ns)
{
	int64_t by_ns = t->prober->due_ns ? t->prober->due_ns(t) : 0;
	int64_t from_ns = t->begun_ns + interval_ns / 2;
	int64_t at_ns;

	if (t->refused && from_ns < t->due_ns + interval_ns)
		from_ns = t->due_ns + interval_ns;
	at_ns = grid_ns(t, interval_ns, from_ns);
	/* One that passed by while the probe ran, which may take that long, is now. */
	if (at_ns < now_ns)
		at_ns = !t->prober->steady && now_ns - at_ns < interval_ns / 2
				? now_ns
				: grid_ns(t, interval_ns, now_ns);
	if (by_ns && by_ns < at_ns)
		at_ns = by_ns > now_ns ? by_ns : now_ns;
	return at_ns;
}

/*
 * RFC 3261 21.5.4: who is told when to try again does not try before. But a monitor that
 * any peer can send to sleep is none: a probe is moved by retry_after_max at most, from
 * the end of its interval where its place on the grid is later than that. It goes to
 * another such place, or as far as it may.
 */
static int64_t put_off_ns(const struct target *t, int64_t at_ns, int64_t interval_ns,
			  int64_t asked_ns)
{
	int64_t most_ns = target_settings(t)->retry_after_max_us * CLOCK_NS_PER_US;
	int64_t late_ns = at_ns - (t->due_ns + interval_ns);
	int64_t free_ns;

	if (asked_ns <= at_ns)
		return at_ns;
	free_ns = grid_ns(t, interval_ns, asked_ns);
	if (late_ns > 0)
		most_ns = (most_ns > late_ns ? most_ns - late_ns : 0) / interval_ns *
			  interval_ns;
	return free_ns < at_ns + most_ns ? free_ns : at_ns + most_ns;
}

int64_t target_schedule_next_ns(const struct target *t, const struct probe_result *r,
				int64_t now_ns)
{
	int64_t interval_ns = pace_ns(t);
	int64_t at_ns = paced_ns(t, interval_ns, now_ns);

	if (r->outcome != PROBE_RESPONSE || r->code != 503 || r->retry_after_s <= 0)
		return at_ns;
	return put_off_ns(t, at_ns, interval_ns,
			  now_ns + r->retry_after_s * CLOCK_NS_PER_S);
}

int64_t target_schedule_heir_ns(struct target *t, const struct target_turn *turn,
				bool whole, int64_t now_ns)
{
	int64_t interval_ns = target_schedule_interval_ns(t);
	bool due = whole && turn->due_ns > now_ns;

	/* It was to begin within its first minute, which does not begin anew. */
	if (!turn->begun_ns)
		return due && turn->due_ns < t->due_ns ? turn->due_ns : 0;
	t->begun_ns = turn->begun_ns;
	if (whole)
		t->phase = turn->phase;
	if (due && turn->interval_ns == interval_ns)
		return turn->due_ns;
	return paced_ns(t, interval_ns, now_ns);
}

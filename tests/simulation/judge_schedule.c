/* Rules on when probes are. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/world.h"

#define LAG_NS	  (5 * WORLD_MS)
#define SOON_NS	  (WORLD_S + LAG_NS) /* the first one */
#define ROUNDS_NS (100 * CLOCK_NS_PER_US)

bool judge_begin_once(const struct occasion *o, char why[JUDGE_WHY])
{
	return !o->cell->pending ||
	       judge_because(why, "the one before began at %lld s",
			     (long long)(o->cell->begun_ns / WORLD_S));
}

bool judge_end_once(const struct occasion *o, char why[JUDGE_WHY])
{
	return o->cell->pending || judge_because(why, "an end without a begin");
}

bool judge_alive(const struct occasion *o, char why[JUDGE_WHY])
{
	return !o->cell->gone || judge_because(why, "it was told as gone");
}

static int64_t schedule_patience_ns(const struct cell *c, int64_t since_ns)
{
	(void)c;
	return world_stalled_ns(since_ns) * 2 + WORLD_S;
}

bool judge_end_comes(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	int64_t late_ns = world_now_ns() - c->base_ns - c->trunk->have.timeout_ns;

	if (!c->pending || late_ns <= schedule_patience_ns(c, c->base_ns) ||
	    (c->trunk->tcp && late_ns <= c->trunk->have.timeout_ns + WORLD_S))
		return true;
	return judge_because(why, "begun %.3f s ago",
			     (double)(world_now_ns() - c->begun_ns) / 1e9);
}

bool judge_lag(const struct occasion *o, char why[JUDGE_WHY])
{
	int64_t lag_ns = o->number;

	if (lag_ns <= LAG_NS || world_stalled_ns(world_now_ns() - lag_ns))
		return true;
	return judge_because(why, "%.3f ms", (double)lag_ns / 1e6);
}

/* When a first probe is due at the latest: heirs may be earlier. */
static bool schedule_first(const struct occasion *o, char why[JUDGE_WHY])
{
	int64_t after_ns = world_now_ns() - o->cell->added_ns;

	if (after_ns <= SOON_NS || world_stalled_ns(o->cell->added_ns))
		return true;
	return judge_because(why, "the first one after %.3f s", (double)after_ns / 1e9);
}

bool judge_pace(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	const struct order *have = &c->trunk->have;
	int64_t due_ns = world_now_ns() - o->number;
	int64_t after_ns = due_ns - c->paced_ns, least_ns, most_ns;
	int64_t slowest_ns = c->pace_ns ? c->pace_ns : have->interval_ns;

	if (!c->began)
		return schedule_first(o, why);
	/* A registration is refreshed in time for its end, and by what it was granted. */
	least_ns = c->check || !c->pace_ns ? have->down_ns / 2 : c->pace_ns / 2;
	/* A registration that is about to end is tried for faster than that. */
	if (c->check && c->told_until_ns > c->ended_ns &&
	    c->told_until_ns - c->ended_ns < have->interval_ns + have->timeout_ns)
		least_ns = have->timeout_ns;
	most_ns = slowest_ns * 3 / 2;
	if (c->not_before_ns || c->refused)
		most_ns += 2 * have->interval_ns;
	/* Of those that passed by while the probe ran, the next one. */
	if (most_ns < c->ended_ns - c->paced_ns + slowest_ns)
		most_ns = c->ended_ns - c->paced_ns + slowest_ns;
	most_ns += world_stalled_ns(c->ended_ns) + LAG_NS;
	/* What was garbled may have been an answer, or not. */
	if (c->garbled || (c->trunk->tcp && c->trunk->reuse))
		least_ns = 0;
	if (after_ns >= least_ns - ROUNDS_NS && after_ns <= most_ns)
		return true;
	return judge_because(why, "due %.3f s after the one before, pace %.3f s",
			     (double)after_ns / 1e9, (double)c->pace_ns / 1e9);
}

/* Its place on the grid is kept, but for a peer that asked to wait, and moved probes. */
bool judge_grid(const struct occasion *o, char why[JUDGE_WHY])
{
	struct cell *c = o->cell;
	int64_t due_ns = world_now_ns() - o->number, off_ns;
	int64_t pace_ns = c->pace_ns;

	if (!c->began || c->check || !pace_ns || c->not_before_ns || c->refused ||
	    world_stalled_ns(c->begun_ns) || c->ended_ns > c->paced_ns + pace_ns / 2)
		return true;
	/* The grid is that of time since the begin of the world's wall clock. */
	if (c->grid_ns && c->grid_pace_ns == pace_ns) {
		off_ns = (due_ns - c->grid_ns) % pace_ns;
		if (off_ns > ROUNDS_NS && off_ns < pace_ns - ROUNDS_NS)
			return judge_because(why, "off by %.6f s of %.3f s",
					     (double)off_ns / 1e9, (double)pace_ns / 1e9);
	}
	c->grid_pace_ns = pace_ns;
	c->grid_ns = due_ns;
	return true;
}

/* As the configuration has it: retry_after_max is an interval here. */
bool judge_patience(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	int64_t due_ns = world_now_ns() - o->number;
	int64_t most_ns = c->due_ns + c->trunk->have.interval_ns;

	if (!c->began || c->check || !c->not_before_ns ||
	    due_ns >= c->not_before_ns - ROUNDS_NS || due_ns >= most_ns - ROUNDS_NS)
		return true;
	return judge_because(why, "due %.3f s too early",
			     (double)(c->not_before_ns - due_ns) / 1e9);
}

bool judge_missing(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	const struct order *have = &c->trunk->have;
	int64_t from_ns = c->began ? c->begun_ns : c->added_ns;
	int64_t most_ns = have->interval_ns * 3 / 2 + have->timeout_ns + SOON_NS;

	if (c->not_before_ns || c->refused)
		most_ns += 2 * have->interval_ns;
	most_ns += schedule_patience_ns(c, from_ns);
	if (c->pending || fleet.over || have->paused ||
	    world_now_ns() - from_ns <= most_ns)
		return true;
	return judge_because(why, "the last one began %.3f s ago",
			     (double)(world_now_ns() - from_ns) / 1e9);
}

/* Rules on states of trunks, and on what a reload does to them. */
#include <stdio.h>
#include <string.h>

#include "sipprobe/engine.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/world.h"

/* The result that tips it has been added when it is told. */
bool judge_tally(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct tally *tally = &o->trunk->tally;

	if (!fleet_is_single(o->trunk) || o->trunk->shaken ||
	    o->change->to == tally->state)
		return true;
	return judge_because(why, "%s, where %u %s in a row make it %s",
			     health_state_name(o->change->to), tally->streak,
			     tally->failed ? "failures" : "successes",
			     health_state_name(tally->state));
}

bool judge_reason(const struct occasion *o, char why[JUDGE_WHY])
{
	return o->change->to != HEALTH_DOWN || o->trunk->failed_since_up ||
	       judge_because(why, "down, and no probe failed");
}

/* Of what has begun before the peer changed, an answer may still be to come. */
bool judge_once(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct trunk *t = o->trunk;
	const struct peer *peer = &t->peers[0];
	bool clean = fleet_is_single(t) && !t->named && !t->lossy && !t->shaken &&
		     !t->auth && !t->tls;

	if (!clean || o->change->from == HEALTH_UNKNOWN ||
	    t->changed_epoch != peer->epoch ||
	    t->changed_ns < peer->since_ns + 2 * t->have.timeout_ns ||
	    faults_has(FAULT_UNSENT) || faults_has(FAULT_MEMORY) || faults_has(FAULT_FDS))
		return true;
	return judge_because(why, "%s again, though its peer is as it was %.3f s ago",
			     health_state_name(o->change->to),
			     (double)(world_now_ns() - t->changed_ns) / 1e9);
}

bool judge_kept(const struct occasion *o, char why[JUDGE_WHY])
{
	return o->change->to != HEALTH_UNKNOWN ||
	       judge_because(why, "%s to unknown", health_state_name(o->change->from));
}

bool judge_moment(const struct occasion *o, char why[JUDGE_WHY])
{
	int64_t at_ns = o->change->at_ns;

	if (o->change->from != o->trunk->told)
		return judge_because(why, "from %s, and it was %s",
				     health_state_name(o->change->from),
				     health_state_name(o->trunk->told));
	if (o->change->held_ns != at_ns - o->trunk->told_ns)
		return judge_because(why, "held %.3f s by its word",
				     (double)o->change->held_ns / 1e9);
	if (at_ns < o->trunk->told_ns || at_ns > world_now_ns())
		return judge_because(why, "at %lld ms of now",
				     (long long)((at_ns - world_now_ns()) / WORLD_MS));
	return true;
}

bool judge_promise(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct trunk *t = o->trunk;
	enum health_state want = o->peer->mode == PEER_ANSWERS ? HEALTH_UP : HEALTH_DOWN;

	if (t->told == want)
		return true;
	return judge_because(
		why, "told %s, since %.3f s it should be %s", health_state_name(t->told),
		(double)(world_now_ns() - o->since_ns) / 1e9, health_state_name(want));
}

bool judge_untouched(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct order *a = &o->trunk->want, *b = &o->trunk->have;
	bool same = a->present == b->present && a->paused == b->paused &&
		    a->version == b->version && a->interval_ns == b->interval_ns &&
		    a->fall == b->fall;

	return fleet.over || !same || judge_because(why, "it did not change");
}

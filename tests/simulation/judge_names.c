/* Rules on names and registrations: what is kept up while nobody looks. */
#include <stdio.h>

#include "tests/simulation/faults.h"
#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/registrar.h"
#include "tests/simulation/kernel/world.h"

enum { FRESH_S = 30 }; /* what is lost is asked for anew that often at most */

bool judge_asked(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct trunk *t = o->trunk;
	int64_t last_ns = t->asked_ns[o->number];
	int64_t least_ns = t->ttl_s * WORLD_S;

	if (least_ns > FRESH_S * WORLD_S)
		least_ns = FRESH_S * WORLD_S;
	if (least_ns > t->have.down_ns)
		least_ns = t->have.down_ns;
	if (!last_ns || world_now_ns() - last_ns >= least_ns - 50 * WORLD_MS ||
	    faults_has(FAULT_RELOAD) || faults_has(FAULT_LISTEN))
		return true;
	return judge_because(why, "again after %.3f s, TTL %u s",
			     (double)(world_now_ns() - last_ns) / 1e9, t->ttl_s);
}

bool judge_renewed(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct trunk *t = o->trunk;
	unsigned have = 0;

	for (unsigned i = 0; i < FLEET_PEERS; i++)
		have |= t->peers[i].cells[0] ? 1U << i : 0;
	/* What a call is on is left when that is over. */
	return have == t->set || (t->dial && t->dial->closed_ns > o->since_ns) ||
	       (t->dial && t->dial->open) ||
	       judge_because(why, "%x is probed, DNS has %x since %.3f s", have, t->set,
			     (double)(world_now_ns() - o->since_ns) / 1e9);
}

bool judge_sought(const struct occasion *o, char why[JUDGE_WHY])
{
	return judge_renewed(o, why);
}

static bool names_is_clean(const struct peer *p)
{
	return p->mode == PEER_ANSWERS && !p->trunk->lossy && !p->trunk->tls &&
	       !faults_has(FAULT_UNSENT) && !faults_has(FAULT_MEMORY) &&
	       !faults_has(FAULT_FDS);
}

bool judge_lapsed(const struct occasion *o, char why[JUDGE_WHY])
{
	if (!names_is_clean(o->peer) || !o->peer->cells[1] ||
	    registrar_holds(o->peer->registrar) || world_stalled_ns(o->since_ns) ||
	    o->trunk->want.paused || fleet.over)
		return true;
	return judge_because(why, "made %.3f s ago",
			     (double)(world_now_ns() - o->since_ns) / 1e9);
}

bool judge_held(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->peer->cells[1];
	int64_t gone_ns = registrar_without_ns(o->peer->registrar);

	if (!c || gone_ns < REGISTRAR_GRACE_S * WORLD_S || fleet.over ||
	    world_stalled_ns(o->since_ns) ||
	    c->told_until_ns < world_now_ns() + REGISTRAR_GRACE_S * WORLD_S)
		return true;
	return judge_because(why, "for %.3f s by our word; taken out %.3f s ago",
			     (double)(c->told_until_ns - world_now_ns()) / 1e9,
			     (double)gone_ns / 1e9);
}

bool judge_digest(const struct occasion *o, char why[JUDGE_WHY])
{
	(void)o;
	return judge_because(why, "a response that is not the challenge's");
}

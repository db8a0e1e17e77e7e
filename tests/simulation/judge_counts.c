/* Rules on what is counted, and on what is left at the end. */
#include <stdio.h>
#include <string.h>

#include "exporter/store/snapshot.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/registrar.h"
#include "tests/simulation/kernel/world.h"

enum { LEAVE_MS = 400 }; /* a registrar that has answered by then is left in time */

/* Of all cells that are there, or of all rows. */
struct sums {
	uint64_t begun, ends, retransmissions, late, requests, answers, lost;
	uint64_t outcomes[PROBE_OUTCOMES];
};

static void sums_of_cells(struct sums *s, const struct trunk *t)
{
	for (const struct cell *c = t->cells; c; c = c->older) {
		if (c->gone)
			continue;
		s->begun += c->sum.begun;
		for (unsigned i = 0; i < PROBE_OUTCOMES; i++) {
			s->ends += c->sum.outcomes[i];
			s->outcomes[i] += i == PROBE_RESPONSE ? 0 : c->sum.outcomes[i];
		}
		s->retransmissions += c->sum.retransmissions;
		s->late += c->sum.late;
		s->requests += c->sum.requests;
		s->answers += c->sum.answers;
		s->lost += c->sum.lost;
	}
}

static void sums_of_rows(struct sums *s, const struct snapshot *n,
			 const struct snapshot_trunk *row)
{
	for (size_t i = 0; i < row->target_count; i++) {
		const struct snapshot_target *t = &n->targets[row->target_first + i];

		s->begun += t->stats.probes;
		for (size_t f = 0; f < t->failure_count; f++) {
			if (t->failures[f].how == PROBE_RESPONSE)
				continue;
			s->outcomes[t->failures[f].how] += t->failures[f].count;
			s->ends += t->failures[f].count;
		}
		for (size_t b = 0; b <= n->buckets->count; b++)
			s->ends += t->counts[b];
		s->retransmissions += t->stats.retransmissions;
		s->late += t->stats.late;
		s->requests += t->stats.loss.requests;
		s->answers += t->stats.loss.answers;
		s->lost += t->stats.loss.lost;
	}
}

bool judge_counters(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct snapshot_trunk *row = &o->snapshot->trunks[o->number];
	struct sums want = {0}, have = {0};
	uint64_t under_way = 0;

	if (o->trunk->shaken)
		return true;
	sums_of_cells(&want, o->trunk);
	sums_of_rows(&have, o->snapshot, row);
	for (const struct cell *c = o->trunk->cells; c; c = c->older)
		/* Calls that were stopped have begun, and no verdict. */
		under_way += c->gone ? 0 : c->pending + c->sum.unmade;
	if (!memcmp(&want, &have, sizeof(want)) && have.begun == have.ends + under_way)
		return true;
	return judge_because(
		why,
		"begun %llu of %llu, ended %llu of %llu, under way %llu, retransmissions "
		"%llu of %llu, late %llu of %llu",
		(unsigned long long)have.begun, (unsigned long long)want.begun,
		(unsigned long long)have.ends, (unsigned long long)want.ends,
		(unsigned long long)under_way, (unsigned long long)have.retransmissions,
		(unsigned long long)want.retransmissions, (unsigned long long)have.late,
		(unsigned long long)want.late);
}

bool judge_told(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct snapshot_trunk *row = &o->snapshot->trunks[o->number];
	const struct trunk *t = o->trunk;

	if (t->shaken)
		return true;
	if (row->stats.paused != t->have.paused)
		return judge_because(why, "paused %d, configured %d", row->stats.paused,
				     t->have.paused);
	if (row->stats.paused ||
	    (row->stats.state == t->told && row->stats.state_changes == t->changes))
		return true;
	return judge_because(why, "%s after %u changes, told %s after %u",
			     health_state_name(row->stats.state),
			     row->stats.state_changes, health_state_name(t->told),
			     t->changes);
}

/* At least: what comes after another probe has begun may be known, or not. */
bool judge_late(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;

	if (c->sum.late >= c->late || world_stalled_ns(world_now_ns() - WORLD_MIN))
		return true;
	return judge_because(why, "%llu told, %llu came", (unsigned long long)c->sum.late,
			     (unsigned long long)c->late);
}

/* What came from elsewhere, or before it was looked at, is not counted yet. */
bool judge_settled(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;

	if (c->sum.requests <= c->sum.copies && c->sum.answers <= c->sum.arrived &&
	    c->sum.lost <= c->sum.requests)
		return true;
	return judge_because(
		why, "requests %llu of %llu, answers %llu of %llu, lost %llu",
		(unsigned long long)c->sum.requests, (unsigned long long)c->sum.copies,
		(unsigned long long)c->sum.answers, (unsigned long long)c->sum.arrived,
		(unsigned long long)c->sum.lost);
}

bool judge_farewell(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct peer *p = o->peer;
	unsigned rounds = 1 + p->trunk->tcp + 2 * p->trunk->auth;

	/* Who went before the others left what they share to them: one address of record.
	 */
	if (!p->trunk->have.present || p->trunk->have.paused)
		return true;
	/* Of two contacts the first may have gone unheard: it ends by itself. */
	if (!registrar_holds_last(p->registrar) || p->mode != PEER_ANSWERS ||
	    p->trunk->lossy || p->trunk->tls ||
	    rounds * p->link.most_ns > LEAVE_MS * WORLD_MS ||
	    p->fin_ns > world_now_ns() - 3 * WORLD_S ||
	    world_stalled_ns(world_now_ns() - 3 * WORLD_S))
		return true;
	return judge_because(why, "peer %u holds one", p->index);
}

bool judge_left(const struct occasion *o, char why[JUDGE_WHY])
{
	if (o->number < 0)
		return judge_because(why, "engine_stop() does not end");
	return !o->number || judge_because(why, "%lld descriptors", (long long)o->number);
}

/* A tenth, and a few: who is down keeps more than who is up. */
bool judge_steady(const struct occasion *o, char why[JUDGE_WHY])
{
	if (o->number <= o->since_ns / 10 + 4)
		return true;
	return judge_because(why, "%s grew by %lld, the mean is %lld", o->text,
			     (long long)o->number, (long long)o->since_ns);
}

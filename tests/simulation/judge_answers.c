/* Rules on what comes of one probe. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sipprobe/probe.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/kernel/world.h"

#define EXACT_NS WORLD_MS /* what a time may be off */

static const struct asked *answers_last(const struct cell *c)
{
	return &c->asked[(c->asked_count - 1) % FLEET_REQUESTS];
}

/* Where our own machine fails, a probe may fail by that, and says so. */
static bool answers_excused(const struct occasion *o)
{
	bool own = faults_has(FAULT_UNSENT) || faults_has(FAULT_FDS) ||
		   faults_has(FAULT_MEMORY);

	return own &&
	       (o->cell->memory != memory_failed() ||
		o->result->outcome == PROBE_INTERNAL || o->result->err == ENOBUFS ||
		o->result->err == ENOMEM || o->result->err == EMFILE);
}

/*
 * The deadline lies between these two: the same, unless the process stood still and the
 * probe was given its time, or a part of it, once more.
 */
static int64_t answers_deadline_ns(const struct cell *c)
{
	return c->paced_ns + c->trunk->have.timeout_ns;
}

static int64_t answers_latest_ns(const struct cell *c)
{
	int64_t at_ns = c->base_ns + c->trunk->have.timeout_ns;
	/* Over UDP only who goes on before the deadline is given more without a word. */
	bool more = c->trunk->tcp || c->asked_count > 1 ||
		    world_woke_between(c->base_ns, at_ns);

	return at_ns + (more ? world_stalled_ns(c->paced_ns) : 0);
}

/* The clock was set while the process stood still: a stamp may be off by that. */
static bool answers_in_doubt(const struct cell *c)
{
	return world_stepped_ns() >= c->paced_ns && world_stalled_ns(c->paced_ns);
}

static bool answers_in_time(const struct cell *c)
{
	const struct asked *a = answers_last(c);

	/* A connection that breaks, or that we came to late, has a clock of its own. */
	if (c->trunk->tcp && (c->broken || world_stalled_ns(c->begun_ns)))
		return false;
	if (answers_in_doubt(c))
		return false;
	return c->asked_count && a->final_ns && !c->garbled &&
	       a->final_ns < answers_deadline_ns(c);
}

bool judge_heard(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	const struct probe_result *r = o->result;
	const struct asked *a = answers_last(c);

	if (!answers_in_time(c) || answers_excused(o) || r->outcome == PROBE_RESPONSE)
		return true;
	if (r->outcome == PROBE_AUTH && (a->code == 401 || a->code == 403))
		return true;
	/* What came first counts. */
	if (r->outcome == PROBE_REFUSED && c->icmp_ns && c->icmp_ns <= a->final_ns)
		return true;
	return judge_because(why, "%s, though %u came after %lld ms of %lld",
			     probe_outcome_name(r->outcome), a->code,
			     (long long)((a->final_ns - c->base_ns) / WORLD_MS),
			     (long long)(c->trunk->have.timeout_ns / WORLD_MS));
}

bool judge_too_late(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	const struct asked *a = answers_last(c);

	if (o->result->outcome != PROBE_RESPONSE || c->garbled || answers_in_doubt(c))
		return true;
	if (!c->asked_count || !a->final_ns)
		return judge_because(why, "a success, and nothing came");
	if (a->final_ns <= answers_latest_ns(c) + EXACT_NS)
		return true;
	return judge_because(why, "a success, though it came after %lld ms of %lld",
			     (long long)((a->final_ns - c->base_ns) / WORLD_MS),
			     (long long)(c->trunk->have.timeout_ns / WORLD_MS));
}

/*
 * A connection that broke while we stood still is made anew, from when we woke on; and
 * what was garbled may have been an answer, so that what follows it is no probe held up.
 */
static int64_t answers_soonest_ns(const struct cell *c)
{
	return c->garbled || (c->trunk->tcp && world_stalled_ns(c->begun_ns))
		       ? c->begun_ns + c->trunk->have.timeout_ns
		       : answers_deadline_ns(c);
}

static bool answers_has_cause(const struct occasion *o)
{
	const struct cell *c = o->cell;

	switch (o->result->outcome) {
	case PROBE_RESPONSE:
		return true;
	case PROBE_TIMEOUT:
		return world_now_ns() >= answers_soonest_ns(c) - EXACT_NS;
	case PROBE_REFUSED:
		return c->icmp_ns || (c->trunk->tcp && c->broken);
	case PROBE_CONNECT:
		return c->trunk->tcp &&
		       (c->broken || world_now_ns() >= answers_deadline_ns(c) - EXACT_NS);
	case PROBE_TLS:
		return c->trunk->tls && tls_has_cause(c, o->result);
	case PROBE_PROTOCOL:
		return c->garbled;
	case PROBE_AUTH:
		return c->trunk->auth && c->asked_count &&
		       (answers_last(c)->code == 401 || answers_last(c)->code == 403);
	default:
		return false;
	}
}

bool judge_cause(const struct occasion *o, char why[JUDGE_WHY])
{
	if (answers_has_cause(o) || answers_excused(o))
		return true;
	return judge_because(why, "%s after %lld ms: %s (%s)",
			     probe_outcome_name(o->result->outcome),
			     (long long)((world_now_ns() - o->cell->base_ns) / WORLD_MS),
			     o->result->detail, strerror(o->result->err));
}

bool judge_refused(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	enum probe_outcome outcome = o->result->outcome;

	if (!c->icmp_ns || c->icmp_ns >= answers_deadline_ns(c) || c->garbled)
		return true;
	if (outcome == PROBE_REFUSED || outcome == PROBE_RESPONSE ||
	    outcome == PROBE_AUTH || answers_excused(o))
		return true;
	return judge_because(why, "%s, though ICMP came after %lld ms",
			     probe_outcome_name(outcome),
			     (long long)((c->icmp_ns - c->base_ns) / WORLD_MS));
}

/*
 * Where the clock was set while the answer lay in the socket, nothing tells a stamp from
 * before from one of after, if both make sense.
 */
static bool answers_may_be_off(const struct cell *c, const struct asked *a,
			       int64_t told_ns)
{
	return answers_in_doubt(c) && told_ns > 0 &&
	       told_ns <= world_now_ns() - a->first_ns + EXACT_NS;
}

/* By its clock, what the process sends is on its way; in a connection it may lack room.
 */
static int64_t answers_slack_ns(const struct asked *a)
{
	return a->behind ? EXACT_NS + PIPES_FULL_NS : EXACT_NS;
}

bool judge_time(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	const struct asked *a = answers_last(c);
	int64_t told_ns = o->result->phase_ns[PROBE_PHASE_ANSWER];
	int64_t wire_ns = a->final_ns - a->first_ns;

	if (o->result->outcome != PROBE_RESPONSE || c->garbled || !c->asked_count)
		return true;
	if ((told_ns >= wire_ns - EXACT_NS && told_ns <= wire_ns + answers_slack_ns(a)) ||
	    answers_may_be_off(c, a, told_ns))
		return true;
	return judge_because(
		why, "told %.6f s, on the wire %.6f s; clock set %lld ms ago",
		(double)told_ns / 1e9, (double)wire_ns / 1e9,
		(long long)((world_now_ns() - world_stepped_ns()) / WORLD_MS));
}

bool judge_copies(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;

	if (c->trunk->tcp || !c->asked_count ||
	    o->result->retransmissions == c->copies - c->asked_count ||
	    answers_excused(o))
		return true;
	return judge_because(why, "%u told, %u copies of %u requests sent",
			     o->result->retransmissions, c->copies, c->asked_count);
}

/* Rules on calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/store/snapshot.h"
#include "sipprobe/probe.h"
#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/ledger.h"
#include "tests/simulation/calls/phones.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/world.h"

#define MOMENT_NS  (5 * WORLD_MS)
#define CONNECT_NS (15 * WORLD_S) /* from a call's begin to its INVITE, at most */
#define TURN_NS	   (2 * WORLD_S)
#define FIRST_NS   (61 * WORLD_S) /* a trunk's first call comes by then */

/* Where our own machine fails. */
static bool calls_are_excused(const struct dialled *d)
{
	return faults_has(FAULT_UNSENT) || faults_has(FAULT_FDS) ||
	       (d && d->memory != memory_failed());
}

bool judge_alone(const struct occasion *o, char why[JUDGE_WHY])
{
	bool late = false;

	/* Who answers when all is over cannot be helped, and is hung up. */
	for (const struct dialled *d = o->trunk->dial->calls; d; d = d->next) {
		late |= d->late && ledger_is_open(d);
		if (ledger_is_open(d) && !d->late)
			return judge_because(why, "%s is open since %.3f s", d->id,
					     (double)(world_now_ns() - d->begun_ns) /
						     1e9);
	}
	return late || !o->trunk->dial->open ||
	       judge_because(why, "one is open by its word");
}

bool judge_caps(const struct occasion *o, char why[JUDGE_WHY])
{
	int64_t slack_ns = CONNECT_NS + world_stalled_ns(world_now_ns() - WORLD_DAY);
	unsigned hour = ledger_begun(WORLD_HOUR - slack_ns);
	unsigned day = ledger_begun(WORLD_DAY - slack_ns), open = ledger_open();

	(void)o;
	if (hour <= dials.an_hour && day <= dials.a_day && open < dials.at_once)
		return true;
	return judge_because(
		why,
		"%u in an hour of %u, %u in a day of %u, %u others of %u are "
		"open",
		hour, dials.an_hour, day, dials.a_day, open, dials.at_once);
}

bool judge_switch(const struct occasion *o, char why[JUDGE_WHY])
{
	(void)o;
	return !dials.stopped ||
	       judge_because(why, "stopped %.3f s ago",
			     (double)(world_now_ns() - dials.switched_ns) / 1e9);
}

/* Whose wire is so good that all is heard, and at once. */
static bool calls_are_clean(const struct peer *p)
{
	return !p->trunk->lossy && p->link.most_ns <= 300 * WORLD_MS &&
	       p->link.most_ns - p->link.least_ns <= 20 * WORLD_MS &&
	       p->mode == PEER_ANSWERS;
}

static bool calls_are_hushed(const struct peer *p)
{
	return calls_are_clean(p) && !p->trunk->tcp && !p->trunk->auth &&
	       p->since_ns < dials.switched_ns - WORLD_MIN;
}

bool judge_hush(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct trunk *t = phones_have(o->since_ns, calls_are_hushed);

	return !t || judge_because(why, "a peer of t%u has one", t->number);
}

/* --- what comes of one --- */

struct outcome {
	const struct probe_result *r;
	const struct dialled *d;
	const struct trunk *t;
};

static bool calls_moved(int64_t at_ns)
{
	return at_ns > world_now_ns() - MOMENT_NS;
}

/* What a failure says, held against what was seen. NULL: it agrees. */
static const char *calls_disagree(const struct outcome *x)
{
	const struct dialled *d = x->d;
	bool rang = d->ring_ns && !calls_moved(d->ring_ns);

	switch ((enum call_failure)x->r->call.failure) {
	case CALL_FAILURE_NONE:
		return d->answered || (x->t->dial->mode == DIAL_RING && d->ring_ns)
			       ? NULL
			       : "up, and nobody answered";
	case CALL_FAILURE_NO_RINGING:
		return rang && !x->t->tcp ? "it rang" : NULL;
	case CALL_FAILURE_NO_ANSWER:
		return d->answered && !x->r->call.late ? "it was answered" : NULL;
	case CALL_FAILURE_REJECTED:
		return d->code >= 300 || x->t->auth ? NULL : "nobody rejected it";
	case CALL_FAILURE_ENDED_EARLY:
		return d->their_bye ? NULL : "the peer did not hang up";
	case CALL_FAILURE_NO_MEDIA:
	case CALL_FAILURE_ONE_WAY:
	case CALL_FAILURE_NONCE:
		return d->answered ? NULL : "nobody answered";
	default:
		return NULL;
	}
}

bool judge_agrees(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct outcome x = {o->result, o->dialled, o->trunk};
	const struct call_report *r = &o->result->call;
	const char *fault;

	if (!x.d)
		return !r->made || judge_because(why, "made, and no INVITE left");
	if (x.d->garbled || calls_are_excused(x.d) || world_stalled_ns(x.d->begun_ns))
		return true;
	if (x.r->code != x.d->code && !calls_moved(x.d->final_ns))
		return judge_because(why, "code %u, on the wire %u", x.r->code,
				     x.d->code);
	if (r->answered != x.d->answered && !calls_moved(x.d->final_ns))
		return judge_because(why, "answered %d, on the wire %d", r->answered,
				     x.d->answered);
	fault = calls_disagree(&x);
	return !fault || judge_because(why, "%s: %s (%s)", call_failure_name(r->failure),
				       fault, x.r->detail);
}

/* Over a good wire tones are heard that come back, and no others. */
bool judge_heard_well(const struct occasion *o, char why[JUDGE_WHY])
{
	static const enum call_failure of_voices[] = {
		[PHONES_ECHO] = CALL_FAILURE_NONE,
		[PHONES_SOUND] = CALL_FAILURE_NONCE,
		[PHONES_SILENCE] = CALL_FAILURE_ONE_WAY,
		[PHONES_NOTHING] = CALL_FAILURE_NO_MEDIA,
	};
	const struct call_report *r = &o->result->call;
	const struct dialled *d = o->dialled;
	enum phones_voice voice;

	if (!d || d->garbled || calls_are_excused(d) || !r->answered || r->late ||
	    o->trunk->dial->mode < DIAL_ECHO || d->their_bye || d->line_count != 1 ||
	    o->trunk->dial->duration_ns < 3 * WORLD_S || !calls_are_clean(d->peer) ||
	    d->peer->epoch != d->peer_epoch || world_stalled_ns(d->begun_ns))
		return true;
	voice = phones_voice(d->id);
	if (voice == PHONES_UNKNOWN || r->failure == (uint8_t)of_voices[voice])
		return true;
	return judge_because(why, "%s, and the phone's is number %d: %s",
			     r->failure ? call_failure_name(r->failure) : "up", voice,
			     o->result->detail);
}

/* --- their ends --- */

bool judge_hung_up(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct dialled *d = o->dialled;
	bool counted = o->trunk->dial->lost > d->lost;

	if (d->garbled)
		return true;
	if (phones_are_up(d->id, true))
		return judge_because(why, "%s has outlived its peer's session timer",
				     d->id);
	if (counted || d->orphaned)
		return true;
	if (phones_are_up(d->id, false))
		return judge_because(why, "%s is up at its peer, and was not counted",
				     d->id);
	return !ledger_is_open(d) || judge_because(why, "%s was left alone", d->id);
}

bool judge_lost(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct dialler *dial = o->trunk->dial;

	if (dial->mode == DIAL_LOOP || calls_are_excused(dial->calls))
		return true;
	for (const struct dialled *d = dial->calls; d; d = d->next)
		if (!ledger_is_over(d) || d->garbled)
			return true;
	return judge_because(why, "all of them are over: %s", o->text);
}

static bool calls_any_open(const struct dialler *dial)
{
	for (const struct dialled *d = dial->calls; d; d = d->next)
		if (ledger_is_open(d) && d->moved_ns < world_now_ns() - WORLD_S)
			return true;
	return false;
}

static bool calls_all_over(const struct dialler *dial)
{
	for (const struct dialled *d = dial->calls; d; d = d->next)
		if (!ledger_is_over(d) || d->moved_ns > world_now_ns() - WORLD_S ||
		    d->garbled)
			return false;
	return true;
}

bool judge_open(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct snapshot_trunk *row = &o->snapshot->trunks[o->number];
	const struct dialler *dial = o->trunk->dial;

	if (!dial || !row->bill || o->trunk->shaken)
		return true;
	if (row->bill->open != dial->open ||
	    row->bill->not_ended != dial->lost - dial->lost_base)
		return judge_because(why, "%u open, told %u; %u not ended, told %u",
				     row->bill->open, dial->open, row->bill->not_ended,
				     (unsigned)(dial->lost - dial->lost_base));
	if (world_stalled_ns(world_now_ns() - 3 * WORLD_S) || calls_are_excused(NULL))
		return true;
	if (!dial->open && calls_any_open(dial))
		return judge_because(why, "none by its word, and one is open");
	if (dial->open && dial->mode != DIAL_LOOP && calls_all_over(dial))
		return judge_because(why, "%u by its word, and all are over", dial->open);
	return true;
}

bool judge_made(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct stats_bill *bill = o->snapshot->trunks[o->number].bill;
	const struct dialler *d = o->trunk->dial;
	uint64_t yes, no;

	if (!d || o->trunk->shaken)
		return true;
	yes = d->made.calls[0] - d->made_base.calls[0];
	no = d->made.calls[1] - d->made_base.calls[1];
	if (bill->answered != yes || bill->unanswered != no ||
	    bill->talk_ns != d->made.talk_ns - d->made_base.talk_ns)
		return judge_because(why, "%u and %u, told %u and %u", bill->answered,
				     bill->unanswered, (unsigned)yes, (unsigned)no);
	return d->made.calls[0] + d->made.calls[1] <= d->begun ||
	       judge_because(why, "%u, and %u on the wire",
			     (unsigned)(d->made.calls[0] + d->made.calls[1]),
			     (unsigned)d->begun);
}

bool judge_over(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	const struct dialler *d = o->trunk->dial;
	int64_t most_ns = d->answer_ns + d->duration_ns + d->ring_ns + WORLD_MIN;

	if (!c->pending ||
	    world_now_ns() - c->begun_ns <= most_ns + 2 * world_stalled_ns(c->begun_ns))
		return true;
	return judge_because(why, "begun %.3f s ago",
			     (double)(world_now_ns() - c->begun_ns) / 1e9);
}

/* --- where and when --- */

bool judge_astray(const struct occasion *o, char why[JUDGE_WHY])
{
	struct sa first;
	bool v6 = sa_af(o->to) == AF_INET6;

	(void)sa_set_str(&first, v6 ? "fd00::" : "10.0.0.0", 0);
	if (v6 ? !memcmp(&o->to->u.in6.sin6_addr, &first.u.in6.sin6_addr, 12)
	       : sa_in(o->to) >> 16 == sa_in(&first) >> 16 ||
			    sa_in(o->to) == sa_in(&first) + 0xff0001)
		return true;
	(void)re_snprintf(why, JUDGE_WHY, "to %J", o->to);
	return false;
}

/* Its own last one may have lasted longer than an interval, and its verdict. */
static int64_t calls_longest_ns(const struct dialler *d)
{
	int64_t lasts_ns = d->answer_ns + d->duration_ns + d->ring_ns + 15 * WORLD_S;

	return lasts_ns > d->interval_ns / 2 ? lasts_ns + d->interval_ns
					     : d->interval_ns * 3 / 2;
}

/*
 * Another address, or a reload, is no cause for a call: it goes on from the trunk's last.
 * Of several addresses each has one of its own.
 */
static bool calls_go_on(const struct cell *c, const struct dialler *d)
{
	return c->began || d->due_ns > fleet.crashed_ns;
}

static int64_t calls_last_ns(const struct cell *c, const struct dialler *d)
{
	if (c->began)
		return c->due_ns;
	/* What goes on over a reload is kept where there is memory for it. */
	return calls_go_on(c, d) && !c->trunk->several && !faults_has(FAULT_MEMORY)
		       ? d->due_ns
		       : c->added_ns;
}

/*
 * Who waits for the trunk's other call looks each second whether that is over, and for
 * others' calls too, for an interval at most.
 */
bool judge_call_pace(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	const struct dialler *d = o->trunk->dial;
	int64_t due_ns = world_now_ns() - o->number, from_ns = calls_last_ns(c, d);
	int64_t after_ns = due_ns - from_ns;
	int64_t most_ns = calls_go_on(c, d) ? calls_longest_ns(d) + MOMENT_NS : FIRST_NS;
	int64_t least_ns = from_ns != c->added_ns ? d->interval_ns / 2 : 0;
	bool left_out = c->left_out || (!c->began && d->left_out);

	if (dials.room_ns >= world_now_ns() - TURN_NS)
		most_ns += d->interval_ns;
	if (world_stalled_ns(due_ns - after_ns) ||
	    (after_ns >= least_ns &&
	     (left_out || d->closed_ns >= world_now_ns() - TURN_NS)))
		return true;
	if (after_ns >= least_ns && after_ns <= most_ns)
		return true;
	return judge_because(why, "due %.3f s after %s, interval %.3f s",
			     (double)after_ns / 1e9,
			     from_ns != c->added_ns ? "the one before" : "its begin",
			     (double)d->interval_ns / 1e9);
}

/* Rules on what peers and strangers are answered. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "exporter/store/snapshot.h"
#include "sipprobe/engine.h"
#include "tests/simulation/callers.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/kernel/world.h"

#define BURST_NS (20 * WORLD_S)

/* The peer of a trunk that is paused is answered, though nothing is probed. */
static bool callers_is_paused(const struct call *c)
{
	return c->peer->trunk && c->peer->trunk->have.paused;
}

static bool callers_are_excused(const struct call *c)
{
	return callers_is_paused(c) || faults_has(FAULT_UNSENT) ||
	       faults_has(FAULT_FDS) || faults_has(FAULT_MEMORY) ||
	       world_stalled_ns(c->came_ns) || fleet.over || !fleet.listening ||
	       fleet.crashed_ns >= c->came_ns - WORLD_S;
}

bool judge_answered(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct call *c = o->call;

	if (!o->number || callers_are_excused(c) || c->answered >= c->entitled)
		return true;
	/*
	 * What becomes of a connection that loses much is for the peer to see to. One
	 * whose request comes while its trunk is made anew is turned away as a stranger's
	 * is.
	 */
	if (c->pipe && (o->peer->unknown_ns >= c->came_ns || o->trunk->lossy ||
			o->peer->mode != PEER_ANSWERS || o->peer->since_ns > c->came_ns ||
			world_now_ns() < o->trunk->burst_ns + BURST_NS))
		return true;
	return judge_because(why, "%s of peer %u: %u answers, %u are due",
			     c->question->method, o->peer->index, c->answered,
			     c->entitled);
}

bool judge_stranger(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct call *c = o->call;

	if (o->number || c->known || !c->answered || callers_is_paused(c))
		return true;
	return judge_because(why, "%s was answered", c->question->method);
}

bool judge_turned_away(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct call *c = o->call;

	if (!c->pipe || c->known || o->number || pipes_is_closed(c->pipe) ||
	    callers_are_excused(c))
		return true;
	return judge_because(why, "a connection stays open");
}

bool judge_rate(const struct occasion *o, char why[JUDGE_WHY])
{
	int64_t credit = callers_credit(o->trunk);

	return credit >= 990 ||
	       judge_because(why, "%lld thousandths of an answer are left",
			     (long long)credit);
}

bool judge_code(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct question *q = o->call->question;
	char field[256];

	if (o->number != q->code)
		return judge_because(why, "%lld to %s, not %u", (long long)o->number,
				     q->method, q->code);
	if (!q->needs || net_field(field, sizeof(field), o->text, q->needs) ||
	    strstr(o->text, q->needs))
		return true;
	return judge_because(why, "%u to %s without %s", q->code, q->method, q->needs);
}

/* RFC 3261 8.2.6.2: the same as in the request; To alone has got a tag. */
static bool callers_same(const struct occasion *o, const char *name, const char *more,
			 char why[JUDGE_WHY])
{
	char asked[300], given[300];
	size_t len;

	callers_field(asked, sizeof(asked), o->call, name);
	(void)net_field(given, sizeof(given), o->text, name);
	len = strlen(asked);
	if (!strncmp(asked, given, len) && !strncmp(given + len, more, strlen(more)) &&
	    (*more || !given[len]))
		return true;
	return judge_because(why, "%s is %.80s, was %.80s", name, given, asked);
}

bool judge_echo(const struct occasion *o, char why[JUDGE_WHY])
{
	return callers_same(o, "From", "", why) && callers_same(o, "Call-ID", "", why) &&
	       callers_same(o, "CSeq", "", why) && callers_same(o, "To", ";tag=", why);
}

/* RFC 3261 18.2.1, RFC 3581 4. */
bool judge_via(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct call *c = o->call;
	char via[300], want[300], received[100] = "", rport[32] = "";
	char asked[300];

	callers_field(asked, sizeof(asked), c, "Via");
	(void)net_field(via, sizeof(via), o->text, "Via");
	if (c->rport) {
		(void)re_snprintf(received, sizeof(received), ";received=%j", &c->from);
		(void)snprintf(rport, sizeof(rport), "=%u", sa_port(&c->from));
	}
	(void)snprintf(want, sizeof(want), "%.*s%s%s%s", (int)strcspn(asked, ";"), asked,
		       received, asked + strcspn(asked, ";"), rport);
	return !strcmp(via, want) || judge_because(why, "%.110s, not %.110s", via, want);
}

/* RFC 3261 18.2.2: to where it came from; the port is sent-by's without rport. */
bool judge_return(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct call *c = o->call;
	struct sa want = c->from;
	char text[128];

	if (!c->pipe && !c->rport)
		sa_set_port(&want, sa_port(&c->back));
	if (sa_cmp(o->to, &want, SA_ALL) && sa_port(o->us) == 5060)
		return true;
	(void)re_snprintf(text, sizeof(text), "to %J, not %J", o->to, &want);
	return judge_because(why, "%s", text);
}

/* RFC 3261 8.2.7: a stateless UAS sends the same to the same. */
bool judge_same(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct call *c = o->call;

	return c->answered < 2 || c->same == hash_text(HASH_START, o->text) ||
	       judge_because(why, "answer %u is another than the first", c->answered);
}

bool judge_seldom(const struct occasion *o, char why[JUDGE_WHY])
{
	return !o->since_ns ||
	       world_now_ns() - o->since_ns >= ENGINE_REFUSED_S * WORLD_S - WORLD_MS ||
	       judge_because(why, "again after %.3f s",
			     (double)(world_now_ns() - o->since_ns) / 1e9);
}

bool judge_heard_of(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct call *c = o->call;

	if (!o->number || !c->known || callers_are_excused(c) || c->pipe ||
	    o->trunk->added_ns > c->came_ns || o->trunk->heard_told > c->told)
		return true;
	return judge_because(why, "%s of peer %u", c->question->method, o->peer->index);
}

bool judge_pings(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct snapshot_trunk *row = &o->snapshot->trunks[o->number];
	const struct trunk *t = o->trunk;
	uint64_t sum = 0, want = t->heard_told - t->heard_base;

	for (unsigned i = 0; i < STATS_METHODS && row->inbound; i++)
		sum += row->inbound->requests[i];
	/* Who is called asks much within a call, and some of it after its end. */
	if (t->shaken || faults_has(FAULT_MEMORY) || t->dial ||
	    (sum == want && t->heard_told <= t->heard))
		return true;
	return judge_because(why, "%llu counted, %llu told, %llu came",
			     (unsigned long long)sum, (unsigned long long)want,
			     (unsigned long long)t->heard);
}

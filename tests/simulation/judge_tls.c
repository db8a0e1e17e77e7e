/* Rules on certificates, and on what SRV says of addresses. */
#include <stdio.h>
#include <stdlib.h>

#include "sipprobe/probe.h"
#include "sipprobe/tls_failure.h"
#include "tests/simulation/authority.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/world.h"

enum {
	EXACT_S = 2,
	SHOWN_S = 10, /* what lies in a file is shown by then */
};

static int64_t tls_wall_s(void)
{
	return world_wall_ns() / WORLD_S;
}

static bool tls_clock_was_set(const struct cell *c)
{
	return world_stepped_ns() && world_stepped_ns() >= c->begun_ns - WORLD_S;
}

/* Ours had ended, for the peer's clock. */
static bool tls_own_has_ended(const struct cell *c)
{
	int64_t since_ns = authority_own_since_ns();
	int64_t until_s = authority_own().until_s;

	/* That of before may have been shown until a moment ago. */
	return c->trunk->mutual && (until_s <= authority_now_s() + EXACT_S ||
				    c->begun_ns < since_ns + SHOWN_S * WORLD_S ||
				    world_stalled_ns(since_ns + 1));
}

bool tls_has_cause(const struct cell *c, const struct probe_result *r)
{
	const struct validity *v = identity_shown(c->peer->identity, 0);

	if (tls_clock_was_set(c) || world_stalled_ns(c->begun_ns))
		return true;
	switch (r->tls_cause) {
	case TLS_FAILURE_EXPIRED:
		return v->until_s <= tls_wall_s() + EXACT_S;
	case TLS_FAILURE_NOT_YET_VALID:
		return v->from_s >= tls_wall_s() - EXACT_S;
	case TLS_FAILURE_HANDSHAKE:
	case TLS_FAILURE_OTHER:
		return c->broken || tls_own_has_ended(c);
	case TLS_FAILURE_TIMEOUT:
		return world_now_ns() >= c->base_ns + c->trunk->have.timeout_ns;
	default:
		return false;
	}
}

bool judge_certified(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	const struct validity *v;
	int64_t now_s = tls_wall_s();

	if (!c->trunk->tls || o->result->outcome != PROBE_RESPONSE || !c->shaken_hands ||
	    tls_clock_was_set(c) || world_stalled_ns(c->begun_ns) || c->trunk->reuse)
		return true;
	v = identity_shown(c->peer->identity, 0);
	/* Of the time that a probe takes it may have ended. */
	now_s -= c->trunk->have.timeout_ns / WORLD_S + EXACT_S;
	if (v->until_s >= now_s && v->from_s <= tls_wall_s() + EXACT_S)
		return true;
	return judge_because(why, "a success; it ended %lld s ago",
			     (long long)(tls_wall_s() - v->until_s));
}

bool judge_ends(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct cell *c = o->cell;
	int64_t told_s = o->result->cert_not_after_s;

	if (!c->trunk->tls || !told_s)
		return c->trunk->tls || !told_s ||
		       judge_because(why, "a certificate, and there is no TLS");
	for (unsigned i = 0; i < 2; i++)
		if (identity_shown(c->peer->identity, i)->until_s == told_s)
			return true;
	return judge_because(why, "%lld told, %lld shown", (long long)told_s,
			     (long long)identity_shown(c->peer->identity, 0)->until_s);
}

/* Of probes that had an answer over TLS the end of the certificate is known. */
bool judge_known_end(const struct occasion *o, char why[JUDGE_WHY])
{
	if (!o->cell->trunk->tls || o->result->outcome != PROBE_RESPONSE ||
	    (o->result->cert_not_after_s &&
	     o->result->verified_not_after_s == o->result->cert_not_after_s))
		return true;
	return judge_because(why, "%lld, of what was verified %lld",
			     (long long)o->result->cert_not_after_s,
			     (long long)o->result->verified_not_after_s);
}

bool judge_shown(const struct occasion *o, char why[JUDGE_WHY])
{
	int64_t since_ns = authority_own_since_ns();
	int64_t until_s = authority_own().until_s;

	if (o->number == until_s || o->since_ns < since_ns + SHOWN_S * WORLD_S ||
	    world_stalled_ns(since_ns))
		return true;
	return judge_because(why, "one until %lld, ours is until %lld since %.3f s",
			     (long long)o->number, (long long)until_s,
			     (double)(world_now_ns() - since_ns) / 1e9);
}

bool judge_ranked(const struct occasion *o, char why[JUDGE_WHY])
{
	const struct trunk *t = o->trunk;
	const struct rank *want = &o->cell->peer->rank;
	const struct probe_result *r = o->result;
	int64_t known_ns = t->ttl_s * WORLD_S + t->have.interval_ns +
			   2 * t->have.timeout_ns + 2 * WORLD_S;
	bool settled = world_now_ns() > t->dns_since_ns + known_ns && !t->dns_fails &&
		       !world_stalled_ns(t->dns_since_ns) && !t->shaken;

	if (!t->srv)
		return (!r->priority && !r->weight) ||
		       judge_because(why, "%u, %u without SRV", r->priority, r->weight);
	if (!settled || (r->priority == want->priority && r->weight == want->weight) ||
	    faults_has(FAULT_FDS) || faults_has(FAULT_MEMORY))
		return true;
	return judge_because(why, "%u, %u; DNS has %u, %u", r->priority, r->weight,
			     want->priority, want->weight);
}

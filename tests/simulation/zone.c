#include "tests/simulation/zone.h"

#include <string.h>

#include "sipprobe/dns/lookup.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/kernel/world.h"
#include "tests/simulation/kernel/wrapped.h"

enum { LEAST_MS = 1, MOST_MS = 40 };

/* A question under way, which its asker may have forgotten. */
struct ticket {
	struct query *query;
	struct trunk *trunk;
	enum rr_type type;
};

struct query {
	struct ticket *ticket;
	lookup_h *h;
	void *arg;
};

static uint64_t zone_stream;

void zone_begin(uint64_t seed)
{
	zone_stream = chance_stream(seed, 4);
}

static void query_destructor(void *p)
{
	const struct query *q = p;

	if (q->ticket)
		q->ticket->query = NULL;
}

static size_t zone_record(uint8_t *out, const struct sa *sa)
{
	if (sa_af(sa) == AF_INET6) {
		memcpy(out, sa->u.in6.sin6_addr.s6_addr, 16);
		return 16;
	}
	memcpy(out, &sa->u.in.sin_addr.s_addr, 4);
	return 4;
}

static void zone_answer_h(void *arg)
{
	struct ticket *k = arg;
	const struct trunk *t = k->trunk;
	struct query *q = k->query;
	struct lookup_record records[FLEET_PEERS];
	uint8_t data[FLEET_PEERS][16];
	struct lookup_answer ans = {.records = records, .ttl_s = t->ttl_s};
	enum rr_type own = t->v6 ? RR_AAAA : RR_A;

	for (unsigned i = 0; i < FLEET_PEERS; i++)
		if (k->type == own && (t->set & 1U << i)) {
			records[ans.count].p = data[ans.count];
			records[ans.count].l =
				zone_record(data[ans.count], &t->peers[i].sa);
			ans.count++;
		}
	ans.status = t->dns_fails ? RESOLVE_SERVFAIL
		     : ans.count  ? RESOLVE_OK
				  : RESOLVE_NODATA;
	if (t->dns_fails)
		ans.count = 0;
	memory_free(k);
	if (!q)
		return;
	q->ticket = NULL;
	q->h(&ans, q->arg);
}

/* As libunbound's thread does it, through the loop. */
static void zone_ready_h(void *arg)
{
	world_post(zone_answer_h, arg);
}

static void zone_judge(struct trunk *t, bool aaaa)
{
	judge(ON_QUESTION, &(struct occasion){.trunk = t, .number = aaaa});
	t->asked_ns[aaaa] = world_now_ns();
}

static int zone_ask(void **qp, struct lookup *l, const char *name, enum rr_type type,
		    lookup_h *h, void *arg)
{
	struct query *q = mem_zalloc(sizeof(*q), query_destructor);
	struct trunk *t = fleet_trunk(name);

	(void)l;
	if (!q)
		return ENOMEM;
	if (!t) {
		mem_deref(q);
		return EINVAL;
	}
	world_leave();
	trace(t, "asks DNS", type == RR_AAAA ? "for AAAA" : "for A", " type ", (int)type);
	if (type == RR_A || type == RR_AAAA)
		zone_judge(t, type == RR_AAAA);
	q->h = h;
	q->arg = arg;
	q->ticket = memory_get(sizeof(*q->ticket));
	*q->ticket = (struct ticket){q, t, type};
	world_in(chance_between(&zone_stream, LEAST_MS, MOST_MS) * WORLD_MS, zone_ready_h,
		 q->ticket);
	world_return();
	*qp = q;
	return 0;
}

int __wrap_lookup_unbound_alloc(struct lookup **lp, const struct config_dns *conf,
				const struct lookup_system *sys)
{
	struct lookup *l = mem_zalloc(sizeof(*l), NULL);

	(void)conf, (void)sys;
	if (!l)
		return ENOMEM;
	l->ask = zone_ask;
	*lp = l;
	return 0;
}

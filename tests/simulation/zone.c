#include "tests/simulation/zone.h"

#include <stdio.h>
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
	int peer; /* of a name of one peer's; else -1 */
	char name[48];
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

/* --- records, as they are on the wire --- */

enum { RECORD = 64 };

/* An answer that is put together. */
struct records {
	struct lookup_record list[FLEET_PEERS];
	uint8_t data[FLEET_PEERS][RECORD];
	size_t count;
};

static void record_u16(struct lookup_record *r, uint8_t *data, unsigned n)
{
	data[r->l++] = (uint8_t)(n >> 8);
	data[r->l++] = (uint8_t)n;
}

static void record_text(struct lookup_record *r, uint8_t *data, const char *p, size_t len)
{
	data[r->l++] = (uint8_t)len;
	memcpy(data + r->l, p, len);
	r->l += len;
}

/* RFC 1035 3.1, uncompressed. */
static void record_name(struct lookup_record *r, uint8_t *data, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");

		record_text(r, data, name, len);
		name += len + (name[len] == '.');
	}
	data[r->l++] = 0;
}

static struct lookup_record *records_next(struct records *rs, uint8_t **data)
{
	struct lookup_record *r = &rs->list[rs->count];

	*data = rs->data[rs->count++];
	r->p = *data;
	r->l = 0;
	return r;
}

static void records_add_address(struct records *rs, const struct sa *sa)
{
	uint8_t *data;
	struct lookup_record *r = records_next(rs, &data);

	r->l = sa_af(sa) == AF_INET6 ? 16 : 4;
	memcpy(data,
	       r->l == 16 ? sa->u.in6.sin6_addr.s6_addr
			  : (const uint8_t *)&sa->u.in.sin_addr.s_addr,
	       r->l);
}

/* RFC 2782 */
static void records_add_srv(struct records *rs, const struct peer *p)
{
	char target[32];
	uint8_t *data;
	struct lookup_record *r = records_next(rs, &data);

	(void)snprintf(target, sizeof(target), "p%u.t%u.sim", p->index, p->trunk->number);
	record_u16(r, data, p->rank.priority);
	record_u16(r, data, p->rank.weight);
	record_u16(r, data, sa_port(&p->sa));
	record_name(r, data, target);
}

static void zone_service(char out[48], const struct trunk *t)
{
	(void)snprintf(out, 48, "%s.t%u.sim",
		       t->tls	? "_sips._tcp"
		       : t->tcp ? "_sip._tcp"
				: "_sip._udp",
		       t->number);
}

/* RFC 3403 4.1 */
static void records_add_naptr(struct records *rs, const struct trunk *t)
{
	char service[48];
	uint8_t *data;
	struct lookup_record *r = records_next(rs, &data);

	zone_service(service, t);
	record_u16(r, data, 10);
	record_u16(r, data, 20);
	record_text(r, data, "s", 1);
	record_text(r, data, "SIP+D2U", 7);
	record_text(r, data, "", 0);
	record_name(r, data, service);
}

/* --- questions --- */

/* "t3.sim", "p1.t3.sim", "_sip._udp.t3.sim": the trunk; @peer: -1 without. */
static struct trunk *zone_trunk(const char *name, int *peer)
{
	const char *at = name;

	*peer = name[0] == 'p' ? name[1] - '0' : -1;
	if (name[0] == 'p' || name[0] == '_')
		at = strstr(name, ".t");
	return at ? fleet_trunk(at + (at != name)) : NULL;
}

/* Whether it is the name that the trunk's SRV records are at. */
static bool zone_is_service(const struct ticket *k)
{
	char service[48];

	zone_service(service, k->trunk);
	return k->trunk->srv && !strcmp(k->name, service);
}

/* Of a name with SRV records the host alone has no address. */
static bool zone_has(const struct ticket *k, const struct peer *p)
{
	if (k->trunk->srv)
		return k->peer == (int)p->index;
	return k->peer < 0 && (k->trunk->set & 1U << p->index);
}

static void zone_answer(struct records *rs, const struct ticket *k)
{
	const struct trunk *t = k->trunk;

	if (k->type == RR_NAPTR && t->naptr && k->peer < 0)
		records_add_naptr(rs, t);
	for (unsigned i = 0; i < FLEET_PEERS; i++) {
		const struct peer *p = &t->peers[i];

		if (k->type == RR_SRV && zone_is_service(k) && (t->set & 1U << i))
			records_add_srv(rs, p);
		if (k->type == (t->v6 ? RR_AAAA : RR_A) && zone_has(k, p))
			records_add_address(rs, &p->sa);
	}
}

static void zone_answer_h(void *arg)
{
	struct ticket *k = arg;
	struct query *q = k->query;
	struct records rs = {.count = 0};
	struct lookup_answer ans = {.records = rs.list, .ttl_s = k->trunk->ttl_s};

	if (k->trunk->dns_fails)
		ans.status = RESOLVE_SERVFAIL;
	else
		zone_answer(&rs, k);
	ans.count = rs.count;
	if (!ans.status && !ans.count)
		ans.status = RESOLVE_NODATA;
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

static const char *zone_type(enum rr_type type)
{
	switch (type) {
	case RR_A:
		return "for A";
	case RR_AAAA:
		return "for AAAA";
	case RR_SRV:
		return "for SRV";
	default:
		return "for NAPTR";
	}
}

/* What a resolution asks for once. */
static void zone_judge(const struct ticket *k)
{
	struct trunk *t = k->trunk;
	bool aaaa = k->type == RR_AAAA;

	trace(t, "asks DNS", zone_type(k->type), " type ", (int)k->type);
	if (t->srv ? !zone_is_service(k) : !aaaa && k->type != RR_A)
		return;
	judge(ON_QUESTION, &(struct occasion){.trunk = t, .number = aaaa});
	t->asked_ns[aaaa] = world_now_ns();
}

static int zone_ask(void **qp, struct lookup *l, const char *name, enum rr_type type,
		    lookup_h *h, void *arg)
{
	struct query *q = mem_zalloc(sizeof(*q), query_destructor);
	int peer;
	struct trunk *t = zone_trunk(name, &peer);

	(void)l;
	if (!q)
		return ENOMEM;
	if (!t) {
		mem_deref(q);
		return EINVAL;
	}
	world_leave();
	q->h = h;
	q->arg = arg;
	q->ticket = memory_get(sizeof(*q->ticket));
	*q->ticket = (struct ticket){q, t, type, peer, ""};
	(void)snprintf(q->ticket->name, sizeof(q->ticket->name), "%s", name);
	zone_judge(q->ticket);
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

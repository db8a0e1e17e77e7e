#include "sipprobe/dns/naptr_srv.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const struct {
	enum config_transport transport;
	const char *service; /* NAPTR's */
	const char *prefix;  /* SRV's */
} kinds[] = {
	{CONFIG_TRANSPORT_UDP, "SIP+D2U", "_sip._udp."},
	{CONFIG_TRANSPORT_TCP, "SIP+D2T", "_sip._tcp."},
	{CONFIG_TRANSPORT_TLS, "SIPS+D2T", "_sips._tcp."},
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* Inserts an element of @size bytes at @at of @count, the last giving way at @max. */
static size_t naptr_srv_insert(void *v, size_t size, size_t at, size_t count, size_t max,
			       const void *element)
{
	char *p = (char *)v + at * size;

	if (at >= max)
		return count;
	if (count == max)
		count--;
	memmove(p + size, p, (count - at) * size);
	memcpy(p, element, size);
	return count + 1;
}

/* The kind that a NAPTR record offers, or KINDS. */
static size_t naptr_kind(const struct rr_naptr *n, bool sips)
{
	if (strcasecmp(n->flags, "s") || n->regexp || !n->replacement[0])
		return KINDS;
	for (size_t i = 0; i < KINDS; i++)
		if (!strcasecmp(n->service, kinds[i].service))
			return sips && kinds[i].transport != CONFIG_TRANSPORT_TLS ? KINDS
										  : i;
	return KINDS;
}

/* A usable record: its rank, smaller first, and where it leads. */
struct ranked {
	uint64_t rank;
	enum config_transport transport;
	char name[RR_NAME_MAX + 1];
};

static int ranked_compare(const struct ranked *a, const struct ranked *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

static size_t naptr_srv_rank(struct ranked *v, size_t max,
			     const struct lookup_answer *ans, bool sips)
{
	struct rr_naptr n;
	size_t count = 0;

	for (size_t i = 0; i < ans->count; i++) {
		struct ranked got;
		size_t at = 0, kind;

		if (rr_naptr_decode(&n, ans->records[i].p, ans->records[i].l))
			continue;
		kind = naptr_kind(&n, sips);
		if (kind == KINDS)
			continue;
		got.rank = (uint64_t)n.order << 32 | (uint64_t)n.preference << 8 | kind;
		got.transport = kinds[kind].transport;
		memcpy(got.name, n.replacement, sizeof(got.name));
		while (at < count && ranked_compare(&v[at], &got) < 0)
			at++;
		if (at == count || ranked_compare(&v[at], &got))
			count = naptr_srv_insert(v, sizeof(*v), at, count, max, &got);
	}
	return count;
}

size_t naptr_choose(struct choice *v, size_t max, const struct lookup_answer *ans,
		    bool sips)
{
	struct ranked ranked[LOOKUP_NAPTR_MAX];
	size_t count = naptr_srv_rank(
		ranked, max < LOOKUP_NAPTR_MAX ? max : LOOKUP_NAPTR_MAX, ans, sips);

	for (size_t i = 0; i < count; i++) {
		v[i].transport = ranked[i].transport;
		if (str_dup(&v[i].name, ranked[i].name))
			return i;
	}
	return count;
}

/* NULL also for want of memory: that name is then passed over. */
static char *srv_name(const char *prefix, const char *host)
{
	char *name = NULL;

	if (strlen(prefix) + strlen(host) <= RR_NAME_MAX &&
	    re_sdprintf(&name, "%s%s", prefix, host))
		return NULL;
	return name;
}

size_t naptr_choose_without(struct choice *v, size_t max, const char *host, bool sips,
			    enum config_transport transport)
{
	size_t count = 0;

	if (sips)
		transport = CONFIG_TRANSPORT_TLS;
	for (size_t i = 0; i < KINDS && count < max; i++) {
		if (transport != CONFIG_TRANSPORT_NONE && transport != kinds[i].transport)
			continue;
		v[count].transport = kinds[i].transport;
		v[count++].name = srv_name(kinds[i].prefix, host);
	}
	return count;
}

static int srv_compare(const struct rr_srv *a, const struct rr_srv *b)
{
	int d = a->priority - b->priority;

	if (!d)
		d = strcmp(a->target, b->target);
	return d ? d : a->port - b->port;
}

size_t srv_choose(struct rr_srv *v, size_t max, const struct lookup_answer *ans,
		  bool *refused)
{
	size_t count = 0;

	*refused = false;
	for (size_t i = 0; i < ans->count; i++) {
		struct rr_srv srv;
		size_t at = 0;

		if (rr_srv_decode(&srv, ans->records[i].p, ans->records[i].l))
			continue;
		if (!srv.target[0])
			*refused = true;
		if (!srv.target[0] || !srv.port)
			continue;
		while (at < count && srv_compare(&v[at], &srv) < 0)
			at++;
		if (at < count && !srv_compare(&v[at], &srv))
			v[at].weight =
				srv.weight > v[at].weight ? srv.weight : v[at].weight;
		else
			count = naptr_srv_insert(v, sizeof(*v), at, count, max, &srv);
	}
	return count;
}

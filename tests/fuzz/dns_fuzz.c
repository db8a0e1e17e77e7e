/*
 * The whole road from a name to addresses, with any records as answers: it ends, what it
 * finds can be probed, is bounded, unique and in order, and neither the order of answers
 * nor that of records shows. Input: a byte for the URI and the family, then records, each
 * a byte for type and name, one for its length, and its rdata.
 */
#include <string.h>

#include "config/uri.h"
#include "sipprobe/dns/locate.h"
#include "tests/fuzz/fuzz.h"

enum { RECORDS_MAX = 256, STEPS_MAX = 4096 };

static const char *const uris[] = {
	"sip:d.test",
	"sip:d.test;transport=tcp",
	"sips:d.test",
	"sip:d.test:5070",
	"sip:d.test;maddr=a.test",
	"sip:d.test;transport=udp",
	"sips:d.test;transport=tcp",
	"sip:d.test;transport=tls",
};

static const char *const names[] = {
	"d.test",	    "a.test",		"b.test",
	"_sip._udp.d.test", "_sip._tcp.d.test", "_sips._tcp.d.test",
	"_sip._udp.a.test", "c.test",
};

static const enum rr_type types[] = {RR_A, RR_AAAA, RR_SRV, RR_NAPTR};

struct record {
	const char *name;
	enum rr_type type;
	bool failure; /* the name's questions fail with status rdata[0] */
	struct lookup_record rdata;
};

/* A lookup that answers from the records. */
struct zone {
	struct lookup lookup;
	struct record records[RECORDS_MAX];
	size_t count;
	bool reversed; /* records, and who is answered first */
	struct list asked;
	unsigned questions;
};

struct question {
	struct le le;
	enum rr_type type;
	char name[RR_NAME_MAX + 1];
	lookup_h *h;
	void *arg;
};

static void question_destructor(void *data)
{
	struct question *q = data;

	list_unlink(&q->le);
}

static int zone_ask(void **qp, struct lookup *l, const char *name, enum rr_type type,
		    lookup_h *h, void *arg)
{
	struct zone *z = (struct zone *)l;
	struct question *q = mem_zalloc(sizeof(*q), question_destructor);

	must(q && strlen(name) <= RR_NAME_MAX && ++z->questions < STEPS_MAX);
	strcpy(q->name, name);
	q->type = type;
	q->h = h;
	q->arg = arg;
	list_append(&z->asked, &q->le, q);
	*qp = q;
	return 0;
}

static void record_take(struct lookup_answer *ans, struct lookup_record *v,
			const struct record *r, const struct question *q)
{
	if (strcmp(r->name, q->name))
		return;
	if (ans->status == RESOLVE_NXDOMAIN)
		ans->status = RESOLVE_NODATA;
	if (r->type != q->type)
		return;
	if (r->failure)
		ans->status = RESOLVE_SERVFAIL;
	else if (ans->status != RESOLVE_SERVFAIL)
		ans->status = RESOLVE_OK;
	if (!r->failure)
		v[ans->count++] = r->rdata;
}

static void zone_answer(const struct zone *z, struct question *q)
{
	struct lookup_record v[RECORDS_MAX];
	struct lookup_answer ans = {
		.status = RESOLVE_NXDOMAIN, .records = v, .ttl_s = 60};

	must(q);
	for (size_t i = 0; i < z->count; i++)
		record_take(&ans, v, &z->records[z->reversed ? z->count - 1 - i : i], q);
	if (ans.status != RESOLVE_OK)
		ans.count = 0;
	list_unlink(&q->le);
	q->h(&ans, q->arg);
}

static void zone_read(struct zone *z, const uint8_t *p, size_t len)
{
	while (len >= 2 && z->count < RECORDS_MAX) {
		struct record *r = &z->records[z->count++];
		size_t l = p[1] < len - 2 ? p[1] : len - 2;

		r->type = types[p[0] & 3];
		r->name = names[p[0] >> 2 & 7];
		r->failure = p[0] >> 5 == 7;
		r->rdata = (struct lookup_record){p + 2, l};
		p += 2 + l;
		len -= 2 + l;
	}
}

static void locate_done_h(void *arg)
{
	bool *done = arg;

	must(!*done);
	*done = true;
}

static bool is_peer(const struct sa *sa)
{
	uint32_t v4 = sa_af(sa) == AF_INET ? sa_in(sa) : 0x01010101;

	return sa_port(sa) && !sa_is_any(sa) && v4 >> 28 != 0xe && v4 != 0xffffffff &&
	       (sa_af(sa) != AF_INET6 || sa->u.in6.sin6_addr.s6_addr[0] != 0xff);
}

static void result_check(const struct resolve_result *r, enum config_family family)
{
	must(r->count <= RESOLVE_ADDRESSES_MAX);
	must((r->status == RESOLVE_OK) == (r->count > 0));
	must(r->ttl_s && memchr(r->detail, 0, sizeof(r->detail)));
	for (size_t i = 0; i < r->count; i++) {
		const struct resolve_address *a = &r->addresses[i];

		must(is_peer(&a->sa) && a->transport != CONFIG_TRANSPORT_NONE);
		must(family != CONFIG_FAMILY_IPV4 || sa_af(&a->sa) == AF_INET);
		must(family != CONFIG_FAMILY_IPV6 || sa_af(&a->sa) == AF_INET6);
		must(!i || r->addresses[i - 1].priority <= a->priority);
		for (size_t k = 0; k < i; k++)
			must(r->addresses[k].transport != a->transport ||
			     !sa_cmp(&r->addresses[k].sa, &a->sa, SA_ALL));
	}
}

static void road_run(struct locate *l, struct zone *z, const char *text,
		     enum config_family family)
{
	bool done = false, ready = false;
	struct config_uri uri;

	*l = (struct locate){
		.lookup = &z->lookup, .family = family, .h = locate_done_h, .arg = &done};
	z->lookup.ask = zone_ask;
	z->questions = 0;
	must(!config_uri_parse(text, &uri) && !locate_begin(l, &uri, &ready) && !ready);
	while (z->asked.head && !done)
		zone_answer(z, list_ledata(z->reversed ? z->asked.tail : z->asked.head));
	must(done);
	result_check(&l->result, family);
}

static void same_check(const struct resolve_result *a, const struct resolve_result *b)
{
	must(a->status == b->status && a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		must(sa_cmp(&a->addresses[i].sa, &b->addresses[i].sa, SA_ALL));
		must(a->addresses[i].transport == b->addresses[i].transport);
		must(a->addresses[i].priority == b->addresses[i].priority);
		must(a->addresses[i].weight == b->addresses[i].weight);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zone z;
	struct locate one, other;
	enum config_family family;

	if (!size)
		return 0;
	z.count = 0;
	family = (enum config_family)(data[0] / 8 % 3);
	zone_read(&z, data + 1, size - 1);
	z.reversed = false;
	road_run(&one, &z, uris[data[0] % 8], family);
	z.reversed = true;
	road_run(&other, &z, uris[data[0] % 8], family);
	same_check(&one.result, &other.result);
	locate_end(&one);
	locate_end(&other);
	return 0;
}

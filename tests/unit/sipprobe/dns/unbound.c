/* libunbound on the loop, against a name server of the test's own on loopback. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipprobe/dns/unbound.h"
#include "tests/unit/sipprobe/dns/zone.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

enum { MANY = 400, PACKET_MAX = 4096, HEADER = 12 };

/* Answers from a zone's text, see struct zone. */
struct server {
	int fd;
	const char *zone;
	unsigned asked;
	char address[32]; /* "127.0.0.1@40000" */
};

static void server_open(struct server *s, const char *zone)
{
	struct sa sa;

	*s = (struct server){.zone = zone};
	sa_set_str(&sa, "127.0.0.1", 0);
	sa.len = sizeof(sa.u);
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (bind(s->fd, &sa.u.sa, sizeof(sa.u.in)) ||
	    getsockname(s->fd, &sa.u.sa, &sa.len))
		perror("# server");
	(void)snprintf(s->address, sizeof(s->address), "127.0.0.1@%u", sa_port(&sa));
}

/* Reads the question. Returns the bytes that it takes. */
static size_t question_read(struct zone_query *q, const uint8_t *p, size_t len)
{
	size_t at = HEADER, n = 0;

	while (at < len && p[at]) {
		if (n)
			q->name[n++] = '.';
		for (uint8_t l = p[at++]; l; l--)
			q->name[n++] = (char)p[at++];
	}
	q->name[n] = '\0';
	for (char *c = q->name; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	q->type = (enum rr_type)(p[at + 1] << 8 | p[at + 2]);
	return at + 5;
}

static size_t answer_write(uint8_t *p, size_t at, const struct zone_found *f,
			   enum rr_type type)
{
	p[2] = 0x81, p[3] = 0x80;
	memset(p + 4, 0, 8);
	p[5] = 1;
	p[7] = (uint8_t)f->ans.count;
	if (f->ans.status == RESOLVE_NXDOMAIN)
		p[3] |= 3;
	if (f->ans.status == RESOLVE_SERVFAIL)
		p[3] |= 2;
	for (size_t i = 0; i < f->ans.count; i++) {
		const uint8_t head[] = {0xc0,
					HEADER,
					0,
					(uint8_t)type,
					0,
					1,
					0,
					0,
					(uint8_t)(f->ans.ttl_s >> 8),
					(uint8_t)f->ans.ttl_s,
					0,
					(uint8_t)f->records[i].l};

		memcpy(p + at, head, sizeof(head));
		memcpy(p + at + sizeof(head), f->records[i].p, f->records[i].l);
		at += sizeof(head) + f->records[i].l;
	}
	return at;
}

static void server_answer(struct server *s)
{
	struct sa from = {.len = sizeof(from.u)};
	struct zone_query q = {.type = RR_A};
	uint8_t packet[PACKET_MAX];
	struct zone_found *f;
	ssize_t n;
	size_t at;

	while ((n = recvfrom(s->fd, packet, sizeof(packet) / 2, 0, &from.u.sa,
			     &from.len)) > HEADER) {
		s->asked++;
		at = question_read(&q, packet, (size_t)n);
		f = calloc(1, sizeof(*f));
		if (!f)
			return;
		f->ans.status = RESOLVE_NXDOMAIN;
		f->ans.records = f->records;
		for (const char *line = s->zone; line; line = strchr(line, '\n')) {
			line += *line == '\n';
			zone_line(f, &q, line);
		}
		n = (ssize_t)answer_write(packet, at, f, q.type);
		(void)sendto(s->fd, packet, (size_t)n, 0, &from.u.sa, from.len);
		free(f);
	}
}

/* What became of a question. */
struct question {
	struct server *server;
	void *query;
	unsigned answers;
	enum resolve_status status;
	size_t count;
	uint32_t ttl_s;
	uint8_t first[64];
	size_t first_len;
};

static void answered_h(const struct lookup_answer *ans, void *arg)
{
	struct question *q = arg;

	q->answers++;
	q->status = ans->status;
	q->count = ans->count;
	q->ttl_s = ans->ttl_s;
	q->first_len = ans->count ? ans->records[0].l : 0;
	if (q->first_len <= sizeof(q->first) && ans->count)
		memcpy(q->first, ans->records[0].p, q->first_len);
	q->query = mem_deref(q->query);
}

static bool is_answered(void *arg)
{
	struct question *q = arg;

	server_answer(q->server);
	return q->answers;
}

static struct lookup *lookup_of(const struct server *s)
{
	const char *const servers[] = {s->address};
	const struct config_dns conf = {servers, 1};
	const struct lookup_system sys = {.hosts = NULL};
	struct lookup *l = NULL;

	if (lookup_unbound_alloc(&l, &conf, &sys))
		puts("# no lookup");
	return l;
}

static void test_answers(void)
{
	static const struct {
		const char *name;
		enum rr_type type;
		enum resolve_status status;
		size_t count, first_len;
		uint32_t ttl_s;
	} cases[] = {
		{"a.example", RR_A, RESOLVE_OK, 2, 4, 60},
		{"a.example", RR_AAAA, RESOLVE_OK, 1, 16, 50},
		{"_sip._udp.a.example", RR_SRV, RESOLVE_OK, 1, 17, 40},
		{"a.example", RR_NAPTR, RESOLVE_OK, 1, 36, 30},
		{"b.example", RR_AAAA, RESOLVE_NODATA, 0, 0, 0},
		{"none.example", RR_A, RESOLVE_NXDOMAIN, 0, 0, 0},
		{"broken.example", RR_A, RESOLVE_SERVFAIL, 0, 0, 0},
		{"a.test", RR_A, RESOLVE_OK, 1, 4, 60},
	};
	struct server s;
	struct lookup *l;

	server_open(&s, "a.example 60 A 192.0.2.1\na.example 60 A 192.0.2.2\n"
			"a.example 50 AAAA 2001:db8::1\n"
			"_sip._udp.a.example 40 SRV 1 2 5060 a.example.\n"
			"a.example 30 NAPTR 1 2 s SIP+D2U - _sip._udp.a.example.\n"
			"b.example 60 A 192.0.2.3\nbroken.example 0 A !SERVFAIL\n"
			"a.test 60 A 192.0.2.4\n");
	l = lookup_of(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct question q = {.server = &s};

		is_int(l->ask(&q.query, l, cases[i].name, cases[i].type, answered_h, &q),
		       0, cases[i].name);
		is_int(q.answers, 0, "no answer inside the call");
		ok(loop_until(is_answered, &q), "an answer");
		is_int(q.status, cases[i].status, rr_type_name(cases[i].type));
		is_int((long long)q.count, (long long)cases[i].count, "records");
		is_int((long long)q.first_len, (long long)cases[i].first_len,
		       "the bytes of the first");
		is_int(q.ttl_s, cases[i].ttl_s, "good for");
	}
	mem_deref(l);
	(void)close(s.fd);
}

/* More questions than libunbound is given at once, half of which nobody awaits. */
static void test_many(void)
{
	static struct question questions[MANY];
	struct server s;
	struct lookup *l;
	unsigned answered = 0, cancelled = 0;
	char name[32];

	server_open(&s, "");
	l = lookup_of(&s);
	for (int i = 0; i < MANY; i++) {
		questions[i] = (struct question){.server = &s};
		(void)snprintf(name, sizeof(name), "n%d.example", i);
		(void)l->ask(&questions[i].query, l, name, RR_A, answered_h,
			     &questions[i]);
	}
	for (int i = 0; i < MANY; i += 2)
		questions[i].query = mem_deref(questions[i].query);
	for (int i = 1; i < MANY; i += 2)
		answered += loop_until(is_answered, &questions[i]);
	for (int i = 0; i < MANY; i += 2)
		cancelled += !questions[i].answers;
	is_int(answered, MANY / 2, "all that are awaited are answered");
	is_int(cancelled, MANY / 2, "and none that was cancelled");
	is_int(questions[1].status, RESOLVE_NXDOMAIN, "as the server says");

	/* Gone with questions under way. */
	questions[0] = (struct question){.server = &s};
	(void)l->ask(&questions[0].query, l, "late.example", RR_A, answered_h,
		     &questions[0]);
	mem_deref(l);
	questions[0].query = mem_deref(questions[0].query);
	is_int(questions[0].answers, 0, "an answer that never comes");
	(void)close(s.fd);
}

static const char *file_write(char path[64], const char *text)
{
	int fd;

	(void)snprintf(path, 64, "/tmp/unbound-XXXXXX");
	fd = mkstemp(path);
	(void)!write(fd, text, strlen(text));
	(void)close(fd);
	return path;
}

static void test_system(void)
{
	static const struct {
		const char *name;
		enum rr_type type;
		enum resolve_status status;
		size_t count;
		bool asked; /* the server was */
	} cases[] = {
		{"sbc", RR_A, RESOLVE_OK, 1, false},
		{"sbc.home.example", RR_A, RESOLVE_OK, 1, false},
		{"sbc", RR_AAAA, RESOLVE_OK, 1, false},
		{"zoned", RR_AAAA, RESOLVE_NXDOMAIN, 0, true},
		{"home.example", RR_A, RESOLVE_OK, 1, true},
	};
	char resolv[64], hosts[64], text[256];
	struct lookup_system sys;
	struct lookup *l = NULL;
	struct server s;

	server_open(&s, "home.example 60 A 192.0.2.5\n");
	(void)snprintf(text, sizeof(text),
		       "# servers\n\nsearch home.example\nnameserver\nnameserver here\n"
		       "nameserver %s\n",
		       s.address);
	sys.resolv_conf = file_write(resolv, text);
	sys.hosts = file_write(hosts, "# hosts\n\n192.0.2.1 sbc sbc.home.example # ours\n"
				      "2001:db8::1 sbc\nnonsense sbc\n"
				      "fe80::1%lo zoned\n192.0.2.2 not_a!name\n");
	is_int(lookup_unbound_alloc(&l, NULL, &sys), 0, "the system's files");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct question q = {.server = &s};
		unsigned before = s.asked;

		(void)l->ask(&q.query, l, cases[i].name, cases[i].type, answered_h, &q);
		ok(loop_until(is_answered, &q), "%s", cases[i].name);
		is_int(q.status, cases[i].status, rr_type_name(cases[i].type));
		is_int((long long)q.count, (long long)cases[i].count, "records");
		is_int(s.asked != before, cases[i].asked, "the server is asked, or not");
	}
	mem_deref(l);
	(void)unlink(resolv);
	(void)unlink(hosts);
	(void)close(s.fd);
}

static void test_servers(void)
{
	static const struct {
		const char *server;
		int err;
	} cases[] = {
		{"192.0.2.53", 0},	  {"192.0.2.53@5353", 0},
		{"2001:db8::53@5353", 0}, {"fe80::53%lo", 0},
		{"fe80::53%lo@53", 0},	  {"fe80::53%none9", EINVAL},
		{"dns.example", EINVAL},
	};
	const struct lookup_system none = {.hosts = "/nowhere",
					   .resolv_conf = "/nowhere"};
	struct lookup *l = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_dns conf = {&cases[i].server, 1};

		l = NULL;
		is_int(lookup_unbound_alloc(&l, &conf, &none), cases[i].err,
		       cases[i].server);
		mem_deref(l);
	}
	l = NULL;
	is_int(lookup_unbound_alloc(&l, NULL, &none), 0, "no files are no failure");
	mem_deref(l);
}

/* From a URI to addresses, all the way. */
struct resolved {
	struct server *server;
	struct resolve *resolve;
	unsigned times;
	size_t count;
	enum resolve_status status;
};

static void resolved_h(const struct resolve_result *res, void *arg)
{
	struct resolved *r = arg;

	r->times++;
	r->count = res->count;
	r->status = res->status;
	r->resolve = mem_deref(r->resolve);
}

static bool is_resolved(void *arg)
{
	struct resolved *r = arg;

	server_answer(r->server);
	return r->times;
}

static void test_resolver(void)
{
	struct config_dns conf = {.server_count = 1};
	struct resolver *resolver = NULL;
	struct resolved r = {.times = 0}, literal[2] = {{.times = 0}};
	struct config_uri uri;
	const char *address;
	struct server s;

	server_open(&s, "_sip._udp.isp.example 60 SRV 1 1 5060 a.isp.example.\n"
			"a.isp.example 60 A 192.0.2.1\n");
	address = s.address;
	conf.servers = &address;
	r.server = literal[0].server = literal[1].server = &s;
	is_int(resolver_alloc(&resolver, &conf), 0, "a resolver");
	(void)config_uri_parse("sip:isp.example;transport=udp", &uri);
	is_int(resolve_start(&r.resolve, resolver, &uri, CONFIG_FAMILY_IPV4, resolved_h,
			     &r),
	       0, "asks");
	ok(loop_until(is_resolved, &r), "and is answered");
	is_int(r.status, RESOLVE_OK, "well");
	is_int((long long)r.count, 1, "with an address");

	(void)config_uri_parse("sip:192.0.2.1", &uri);
	for (int i = 0; i < 2; i++)
		(void)resolve_start(&literal[i].resolve, resolver, &uri,
				    CONFIG_FAMILY_ANY, resolved_h, &literal[i]);
	is_int(literal[0].times, 0, "an address waits for the loop, too");
	ok(loop_until(is_resolved, &literal[0]) && loop_until(is_resolved, &literal[1]),
	   "both of them");

	r.times = 0;
	(void)config_uri_parse("sip:other.example:5060", &uri);
	(void)resolve_start(&r.resolve, resolver, &uri, CONFIG_FAMILY_ANY, resolved_h,
			    &r);
	(void)config_uri_parse("sip:192.0.2.1", &uri);
	(void)resolve_start(&literal[0].resolve, resolver, &uri, CONFIG_FAMILY_ANY,
			    resolved_h, &literal[0]);
	mem_deref(resolver);
	literal[0].resolve = mem_deref(literal[0].resolve);
	r.resolve = mem_deref(r.resolve);
	is_int(r.times, 0, "who goes with the resolver is not told");
	(void)close(s.fd);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_answers();
	test_many();
	test_system();
	test_servers();
	test_resolver();
	libre_close();
	return tap_done();
}

/* Whose request it is where a certificate says so. */
#include "sipprobe/transport/stream.h"
#include "tests/support/ca.h"
#include "tests/unit/sipprobe/trunk/other.h"

/* Two ends of a TLS connection, both with certificates. */
struct pair {
	struct tls_profile *profiles[2];
	struct stream *ends[2]; /* the peer's, ours */
	unsigned up, messages;
	char dir[64];
};

static void pair_up_h(struct stream *s, void *arg)
{
	(void)s;
	((struct pair *)arg)->up++;
}

static void pair_message_h(struct stream *s, const struct guard_message *m, int64_t rx_ns,
			   void *arg)
{
	(void)s, (void)rx_ns;
	((struct pair *)arg)->messages += m->code == 200;
}

static void pair_closed_h(struct stream *s, enum probe_outcome why, int err,
			  const char *detail, void *arg)
{
	(void)s, (void)why, (void)err, (void)arg;
	printf("# closed: %s\n", detail);
}

static bool pair_is_up(void *arg)
{
	return ((struct pair *)arg)->up == 2;
}

static bool pair_is_answered(void *arg)
{
	return ((struct pair *)arg)->messages;
}

static struct tls_profile *pair_profile(const char *dir, const char *name,
					const struct ca_cert *cert, const char *ca,
					bool server)
{
	const struct ca_cert *chain[] = {cert, NULL};
	char path[128], err[256];
	const struct config_tls conf = {
		.ca_file = ca,
		.cert_file = ca_write(path, dir, name, chain, cert->key),
		.key_file = path,
		.min_version = CONFIG_TLS_1_2,
	};
	struct tls_profile *p = NULL;

	if (tls_profile_alloc(&p, &conf, server, err, sizeof(err)))
		printf("# %s\n", err);
	return p;
}

static void pair_open(struct pair *p, int listen_fd, const struct sa *sa)
{
	static const struct stream_events events = {pair_up_h, pair_message_h,
						    pair_closed_h};
	struct ca_cert root, peer, us;
	const struct ca_cert *chain[] = {&root, NULL};
	char ca[128];
	int fd;

	*p = (struct pair){.up = 0};
	ca_dir_make(p->dir);
	ca_make(&root, &(struct ca_spec){"Root", .authority = true}, NULL);
	ca_make(&peer, &(struct ca_spec){"peer", "DNS:sbc.example"}, &root);
	ca_make(&us, &(struct ca_spec){"us", "DNS:us.example"}, &root);
	ca_write(ca, p->dir, "ca.pem", chain, NULL);
	p->profiles[0] = pair_profile(p->dir, "peer.pem", &peer, ca, false);
	p->profiles[1] = pair_profile(p->dir, "us.pem", &us, ca, true);
	ca_drop(&root), ca_drop(&peer), ca_drop(&us);
	if (stream_connect(&p->ends[0], sa, NULL, p->profiles[0], "us.example", &events,
			   p))
		puts("# stream_connect failed");
	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK)) < 0)
		loop_turn();
	if (stream_accept(&p->ends[1], fd, p->profiles[1], &events, p))
		puts("# stream_accept failed");
	loop_until(pair_is_up, p);
}

static void pair_close(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		mem_deref(p->ends[i]);
		mem_deref(p->profiles[i]);
	}
	ca_dir_remove(p->dir);
}

/* Who proves a trunk's name is its peer, wherever it comes from. */
static void test_certificate(void)
{
	struct resolve_address elsewhere = {.transport = CONFIG_TRANSPORT_TLS};
	char buf[FIXTURE_TEXT];
	struct guard_message m;
	struct other o[3];
	struct fixture f;
	struct pair p;
	size_t len = request(buf, "OPTIONS", "sip:us", "");

	fixture_open(&f, CONFIG_TRANSPORT_TLS, CALM);
	pair_open(&p, f.fd, &f.address.sa);
	if (guard_stream(&m, buf, len, NULL))
		puts("# guard_stream failed");
	sa_set_str(&elsewhere.sa, "192.0.2.1", 5061);
	other_open(&o[0], &f.group, "wrong", &elsewhere,
		   ", \"tls\": {\"server_name\": \"other.example\"}");
	(void)fixture_told(&f);
	demux_arrivals.request_h(p.ends[1], CONFIG_TRANSPORT_TLS, &m, f.demux);
	is_str(fixture_told(&f), "stranger", "a certificate for no trunk's name");
	ok(!demux_arrivals.proven_h(p.ends[1], f.demux), "which proves nothing");

	elsewhere.transport = CONFIG_TRANSPORT_TCP;
	other_open(&o[1], &f.group, "tcp", &elsewhere,
		   ", \"tls\": {\"server_name\": \"sbc.example\"}");
	elsewhere.transport = CONFIG_TRANSPORT_TLS;
	other_open(&o[2], &f.group, "right", &elsewhere,
		   ", \"tls\": {\"server_name\": \"sbc.example\"}");
	(void)fixture_told(&f);
	for (int i = 0; i < 2; i++) {
		demux_arrivals.request_h(p.ends[1], CONFIG_TRANSPORT_TLS, &m, f.demux);
		is_str(fixture_told(&f), "inbound right OPTIONS 200",
		       "the trunk whose name it proves, over TLS");
	}
	is_int(o[2].seen, 2, "a sign of life each time");
	ok(loop_until(pair_is_answered, &p), "answered on the connection");
	ok(demux_arrivals.proven_h(p.ends[1], f.demux), "who may stay for it");

	o[2].target = mem_deref(o[2].target);
	(void)fixture_told(&f);
	demux_arrivals.request_h(p.ends[1], CONFIG_TRANSPORT_TLS, &m, f.demux);
	is_str(fixture_told(&f), "stranger", "and nobody's once that trunk is gone");
	pair_close(&p);
	for (int i = 0; i < 3; i++)
		other_close(&o[i]);
	fixture_close(&f);
}

/* Several trunks of the name that a certificate proves. */
static void test_certificate_several(void)
{
	static const char name[] = ", \"tls\": {\"server_name\": \"sbc.example\"}";
	struct resolve_address far = {.transport = CONFIG_TRANSPORT_TLS};
	struct resolve_address near = {.transport = CONFIG_TRANSPORT_TLS};
	char buf[FIXTURE_TEXT];
	struct guard_message m;
	struct other o[5];
	struct fixture f;
	struct pair p;

	fixture_open(&f, CONFIG_TRANSPORT_TLS, CALM);
	pair_open(&p, f.fd, &f.address.sa);
	(void)!guard_stream(&m, buf, request(buf, "OPTIONS", "sip:us", ""), NULL);
	sa_set_str(&far.sa, "192.0.2.1", 5061);
	sa_set_str(&near.sa, "127.0.0.1", 5061);
	f.services.inbound_sensitive = 1;
	other_open(&o[0], &f.group, "a", &far, name);
	other_open(&o[1], &f.group, "b", &far, name);
	other_open(&o[2], &f.group, "c", &far, name);
	(void)fixture_told(&f);
	demux_arrivals.request_h(p.ends[1], CONFIG_TRANSPORT_TLS, &m, f.demux);
	is_str(fixture_told(&f), "inbound a OPTIONS 200", "the first of those alike");
	is_int(o[0].seen * 100 + o[1].seen * 10 + o[2].seen, 111, "and all are alive");

	/* One comes and one goes: as many as before, and not the same. */
	other_open(&o[3], &f.group, "d", &far, name);
	o[0].target = mem_deref(o[0].target);
	(void)fixture_told(&f);
	demux_arrivals.request_h(p.ends[1], CONFIG_TRANSPORT_TLS, &m, f.demux);
	ok(strstr(fixture_told(&f), " OPTIONS 200"), "one of those there are now");
	is_int(o[0].seen * 1000 + o[1].seen * 100 + o[2].seen * 10 + o[3].seen, 1221,
	       "and nobody who is gone");

	other_open(&o[4], &f.group, "e", &near, name);
	(void)fixture_told(&f);
	demux_arrivals.request_h(p.ends[1], CONFIG_TRANSPORT_TLS, &m, f.demux);
	is_str(fixture_told(&f), "inbound e OPTIONS 200", "the one of this address");
	is_int(o[1].seen * 10 + o[4].seen, 21, "and it alone is alive");
	pair_close(&p);
	for (int i = 0; i < 5; i++)
		other_close(&o[i]);
	fixture_close(&f);
}

/*
 * Trunks whose name a certificate proves, by where they are: n at the peer's address, f
 * at another; N and F send from the end that the peer called; x: here, of another name.
 */
static const struct {
	const char *name, *trunks;
	bool anywhere; /* match_certificate */
	const char *told;
	unsigned seen; /* a digit a trunk */
} proofs[] = {
	{"the first of those alike", "fff", true, "a", 111},
	{"the one of this address is first", "nff", true, "a", 100},
	{"in the middle", "fnf", true, "b", 10},
	{"last", "ffn", true, "c", 1},
	{"two of this address", "fnn", true, "b", 11},
	{"of this address, by our end", "fnN", true, "c", 1},
	{"of others, by our end", "fFf", true, "b", 10},
	{"this address before our end", "Fn", true, "b", 1},
	{"of another name, though at this address", "xn", false, "b", 1},
	{"of another name, and others elsewhere", "xf", true, "b", 1},
	{"from a trunk's address, no other's", "fn", false, "b", 1},
	{"from a trunk's address that proves nothing", "fx", false, "b", 1},
};

static void proof_open(struct other *o, struct fixture *f, const char *name, char where)
{
	struct resolve_address at = {.transport = CONFIG_TRANSPORT_TLS};
	char settings[128];

	sa_set_str(&at.sa, strchr("fF", where) ? "192.0.2.1" : "127.0.0.1", 5061);
	(void)snprintf(settings, sizeof(settings),
		       ", \"tls\": {\"server_name\": \"%s.example\"}%s",
		       where == 'x' ? "other" : "sbc",
		       strchr("NF", where) ? ", \"local\": {\"address\": \"127.0.0.1\"}"
					   : "");
	other_open(o, &f->group, name, &at, settings);
}

static void test_proofs(void)
{
	static const char *const names[] = {"a", "b", "c"};
	char buf[FIXTURE_TEXT], told[64];
	struct guard_message m;

	(void)!guard_stream(&m, buf, request(buf, "OPTIONS", "sip:us", ""), NULL);
	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
		const struct config_sip sip = {.match_certificate = proofs[i].anywhere};
		size_t count = strlen(proofs[i].trunks);
		unsigned seen = 0;
		struct other o[3];
		struct fixture f;
		struct pair p;

		fixture_open(&f, CONFIG_TRANSPORT_TLS, CALM);
		(void)sockets_prepare(f.services.sockets, &sip, f.group.tls, buf, 0);
		(void)sockets_commit(f.services.sockets);
		pair_open(&p, f.fd, &f.address.sa);
		for (size_t k = 0; k < count; k++)
			proof_open(&o[k], &f, names[k], proofs[i].trunks[k]);
		f.services.inbound_sensitive = 1;
		(void)fixture_told(&f);
		demux_arrivals.request_h(p.ends[1], CONFIG_TRANSPORT_TLS, &m, f.demux);
		(void)snprintf(told, sizeof(told), "inbound %s OPTIONS 200",
			       proofs[i].told);
		is_str(fixture_told(&f), told, proofs[i].name);
		pair_close(&p);
		for (size_t k = 0; k < count; k++) {
			seen = 10 * seen + o[k].seen;
			other_close(&o[k]);
		}
		is_int(seen, proofs[i].seen, "who is alive");
		fixture_close(&f);
	}
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_certificate,
		test_certificate_several,
		test_proofs,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

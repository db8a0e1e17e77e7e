/* Whose request it is: the connection, the certificate, the transport, our end, the port.
 */
#include "sipprobe/transport/stream.h"
#include "tests/support/ca.h"
#include "tests/unit/sipprobe/trunk/other.h"

#define UDP CONFIG_TRANSPORT_UDP

/* One SBC, several trunks: the end where it arrives says which of them. */
static void test_local(void)
{
	static const struct {
		const char *name, *at;
		const char *told;
		unsigned seen[3];
	} cases[] = {
		{"the first's address", "127.0.0.2", "inbound first OPTIONS 200", {1}},
		{"the second's", "127.0.0.3", "inbound second OPTIONS 200", {0, 1}},
		{"an address of none", "127.0.0.4", "inbound any OPTIONS 200", {0, 0, 1}},
	};
	char buf[FIXTURE_TEXT];
	size_t len = request(buf, "OPTIONS", "sip:us", "");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct other o[3];
		struct fixture f;

		fixture_open(&f, UDP, CALM);
		other_open(&o[0], &f.group, "first", &f.address,
			   ", \"local\": {\"address\": \"127.0.0.2\"}");
		other_open(&o[1], &f.group, "second", &f.address,
			   ", \"local\": {\"address\": \"127.0.0.3\"}");
		other_open(&o[2], &f.group, "any", &f.address, "");
		f.services.inbound_sensitive = 2;
		(void)fixture_told(&f);
		demux_arrivals.datagram_h(our_socket(&f, cases[i].at), &f.address.sa, buf,
					  len, 0, f.demux);
		is_str(fixture_told(&f), cases[i].told, cases[i].name);
		for (int k = 0; k < 3; k++)
			is_int(o[k].seen, cases[i].seen[k], "a sign of life, or not");
		fixture_drain(&f);
		ok(!strncmp(f.got, "SIP/2.0 200 ", 12), "answered");
		for (int k = 0; k < 3; k++)
			other_close(&o[k]);
		fixture_close(&f);
	}
}

/* Trunks that cannot be told apart: all of them are alive, the first is told. */
static void test_shared(void)
{
	char buf[FIXTURE_TEXT];
	struct other o[2];
	struct fixture f;
	struct udp *u;
	size_t len;

	fixture_open(&f, UDP, CALM);
	other_open(&o[0], &f.group, "first", &f.address, "");
	other_open(&o[1], &f.group, "second", &f.address, "");
	f.services.inbound_sensitive = 1;
	u = our_socket(&f, "127.0.0.1");
	(void)fixture_told(&f);
	len = request(buf, "OPTIONS", "sip:us", "");
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_str(fixture_told(&f), "inbound first OPTIONS 200", "the first is told");
	is_int(o[0].seen * 10 + o[1].seen, 11, "and both are alive");
	len = request(buf, "INVITE", "sip:us", "");
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_int(o[0].seen * 10 + o[1].seen, 11, "OPTIONS alone is a sign of life");
	f.services.inbound_sensitive = 0;
	len = request(buf, "OPTIONS", "sip:us", "");
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_int(o[0].seen * 10 + o[1].seen, 11, "which nobody counts unless asked to");
	other_close(&o[0]);
	other_close(&o[1]);
	fixture_close(&f);
}

/* One address and port, two transports. */
static void test_transport(void)
{
	struct resolve_address tcp;
	char buf[FIXTURE_TEXT];
	struct other o[2];
	struct fixture f;

	fixture_open(&f, UDP, CALM);
	tcp = f.address;
	tcp.transport = CONFIG_TRANSPORT_TCP;
	other_open(&o[0], &f.group, "tcp", &tcp, "");
	other_open(&o[1], &f.group, "udp", &f.address, "");
	for (unsigned sensitive = 0; sensitive < 2; sensitive++) {
		f.services.inbound_sensitive = sensitive;
		(void)fixture_told(&f);
		demux_arrivals.datagram_h(our_socket(&f, "127.0.0.1"), &f.address.sa, buf,
					  request(buf, "OPTIONS", "sip:us", ""), 0,
					  f.demux);
		is_str(fixture_told(&f), "inbound udp OPTIONS 200",
		       "the trunk of the transport that it came by");
	}
	other_close(&o[0]);
	other_close(&o[1]);
	fixture_close(&f);
}

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

/* Two ends of a TCP connection, one of them ours. */
struct wire {
	struct stream *ours, *theirs;
	unsigned up, messages;
};

static void wire_up_h(struct stream *s, void *arg)
{
	(void)s;
	((struct wire *)arg)->up++;
}

static void wire_message_h(struct stream *s, const struct guard_message *m, int64_t rx_ns,
			   void *arg)
{
	(void)s, (void)rx_ns;
	((struct wire *)arg)->messages += m->code == 200;
}

static void wire_closed_h(struct stream *s, enum probe_outcome why, int err,
			  const char *detail, void *arg)
{
	(void)s, (void)why, (void)err, (void)detail, (void)arg;
}

static bool wire_is_up(void *arg)
{
	return ((struct wire *)arg)->up == 2;
}

/* @accepted: our end is the one that was connected to */
static void wire_open(struct wire *w, const struct fixture *f, bool accepted)
{
	static const struct stream_events events = {wire_up_h, wire_message_h,
						    wire_closed_h};
	struct stream *connected = NULL, *accepting = NULL;
	int fd;

	*w = (struct wire){.up = 0};
	if (stream_connect(&connected, &f->address.sa, NULL, NULL, "", &events, w))
		puts("# stream_connect failed");
	while ((fd = accept4(f->fd, NULL, NULL, SOCK_NONBLOCK)) < 0)
		loop_turn();
	if (stream_accept(&accepting, fd, NULL, &events, w))
		puts("# stream_accept failed");
	loop_until(wire_is_up, w);
	w->ours = accepted ? accepting : connected;
	w->theirs = accepted ? connected : accepting;
}

static void wire_close(struct wire *w)
{
	mem_deref(w->ours);
	mem_deref(w->theirs);
}

/* Whose a ping is that comes over TCP, among the trunks of one address. */
static const struct stream_case {
	const char *name;
	enum config_transport trunks[3]; /* NONE: no more */
	const char *settings[3];
	unsigned sensitive;
	const char *told;
	unsigned seen[3];
} stream_cases[] = {
	{"the one over TCP", {1, 2}, {"", ""}, 1, "b", {0, 1}},
	{"nobody looks closer", {1, 2}, {"", ""}, 0, "b", {0, 0}},
	{"among three", {3, 1, 2}, {"", "", ""}, 1, "c", {0, 0, 1}},
	{"over UDP alone: whose else", {1}, {""}, 1, "a", {1}},
	{"two over TCP that are alike", {2, 2}, {"", ""}, 1, "a", {1, 1}},
	{"our end before the order",
	 {2, 2},
	 {"", ", \"local\": {\"address\": \"127.0.0.1\"}"},
	 1,
	 "b",
	 {0, 1}},
	{"our end before the order, and none's",
	 {2, 2},
	 {", \"local\": {\"address\": \"127.0.0.9\"}", ""},
	 1,
	 "b",
	 {0, 1}},
	{"transport before our end",
	 {1, 2},
	 {", \"local\": {\"address\": \"127.0.0.1\"}", ""},
	 1,
	 "b",
	 {0, 1}},
	{"the port that another leaves from is no other end",
	 {2, 2},
	 {", \"local\": {\"port\": 9}", ""},
	 1,
	 "a",
	 {1, 1}},
};

static void check_stream(const struct stream_case *c, const struct guard_message *m)
{
	static const char *const names[] = {"a", "b", "c"};
	struct other o[3];
	struct fixture f;
	struct wire w;
	char told[64];
	int count = 0;

	fixture_open(&f, CONFIG_TRANSPORT_TCP, CALM);
	for (; count < 3 && c->trunks[count]; count++) {
		struct resolve_address at = f.address;

		at.transport = c->trunks[count];
		other_open(&o[count], &f.group, names[count], &at, c->settings[count]);
	}
	f.services.inbound_sensitive = c->sensitive;
	wire_open(&w, &f, true);
	(void)fixture_told(&f);
	demux_arrivals.request_h(w.ours, CONFIG_TRANSPORT_TCP, m, f.demux);
	(void)snprintf(told, sizeof(told), "inbound %s OPTIONS 200", c->told);
	is_str(fixture_told(&f), told, c->name);
	for (int k = 0; k < count; k++)
		is_int(o[k].seen, c->seen[k], "a sign of life, or not");
	wire_close(&w);
	for (int k = 0; k < count; k++)
		other_close(&o[k]);
	fixture_close(&f);
}

static void test_streams(void)
{
	char buf[FIXTURE_TEXT];
	struct guard_message m;

	(void)!guard_stream(&m, buf, request(buf, "OPTIONS", "sip:us", ""), NULL);
	for (size_t i = 0; i < sizeof(stream_cases) / sizeof(stream_cases[0]); i++)
		check_stream(&stream_cases[i], &m);
}

/* A connection that a trunk opened is that trunk's, for as long as it is there. */
static void test_opener(void)
{
	char buf[FIXTURE_TEXT];
	struct guard_message m;
	struct other o[2];
	struct fixture f;
	struct wire w;

	(void)!guard_stream(&m, buf, request(buf, "OPTIONS", "sip:us", ""), NULL);
	fixture_open(&f, CONFIG_TRANSPORT_TCP, CALM);
	other_open(&o[0], &f.group, "first", &f.address, "");
	other_open(&o[1], &f.group, "second", &f.address, "");
	wire_open(&w, &f, false);
	stream_mark(w.ours)->opener = o[1].target;
	for (unsigned sensitive = 0; sensitive < 2; sensitive++) {
		f.services.inbound_sensitive = sensitive;
		(void)fixture_told(&f);
		demux_arrivals.request_h(w.ours, CONFIG_TRANSPORT_TCP, &m, f.demux);
		is_str(fixture_told(&f), "inbound second OPTIONS 200", "the opener's");
	}
	is_int(o[0].seen * 10 + o[1].seen, 11, "and who is alike is alive, too");
	wire_close(&w);
	other_close(&o[0]);
	other_close(&o[1]);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_local,
		test_shared,
		test_transport,
		test_certificate,
		test_certificate_several,
		test_streams,
		test_opener,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

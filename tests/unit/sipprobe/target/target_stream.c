/* A target over TCP and TLS, against a peer that accepts, or does not. */
#include "sipprobe/target/probers.h"
#include "sipprobe/tls_failure.h"
#include "sipprobe/transport/stream.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define TCP   CONFIG_TRANSPORT_TCP
#define CALM  ", \"interval\": \"2h\", \"timeout\": \"5s\""
#define REUSE CALM ", \"connection\": \"reuse\""

static bool is_done(void *arg)
{
	const struct fixture *f = arg;

	return strstr(f->told, " up") || strstr(f->told, " down");
}

static bool is_told(void *arg)
{
	return strstr(((const struct fixture *)arg)->told, "response") != NULL;
}

struct peer {
	struct fixture *f;
	int fd; /* the connection; -1: none yet */
};

/* Whether the peer has a whole request on its connection, which it accepts first. */
static bool is_asked(void *arg)
{
	struct peer *p = arg;
	ssize_t n;

	if (p->fd < 0)
		p->fd = accept4(p->f->fd, NULL, NULL, SOCK_NONBLOCK);
	if (p->fd < 0)
		return false;
	n = recv(p->fd, p->f->got, sizeof(p->f->got) - 1, 0);
	if (n <= 0)
		return false;
	p->f->got[n] = '\0';
	return strstr(p->f->got, "\r\n\r\n");
}

static void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}

static void peer_reset(struct peer *p)
{
	const struct linger reset = {.l_onoff = 1};

	(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	peer_close(p);
}

static void peer_answer(struct peer *p, const char *status)
{
	char buf[FIXTURE_TEXT];
	size_t len = fixture_answer(buf, p->f->got, status, "");

	if (send(p->fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		puts("# the peer could not answer");
}

static void test_fresh(void)
{
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;
	char byte;

	fixture_open(&f, TCP, CALM);
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	ok(loop_until(is_asked, &p), "connected, and asked");
	ok(!strncmp(fixture_field(&f, "Via"), "SIP/2.0/TCP ", 12), "over TCP");
	peer_answer(&p, "200 OK");
	ok(loop_until(is_done, &f), "answered");
	is_str(fixture_told(&f), "add OPTIONS tcp, begin, response 200 up", "as told");
	is_str(f.ladder, "connect@0 sent@0 received@0", "the ladder");
	ok(f.last.phase_ns[PROBE_PHASE_CONNECT] >= 0, "connecting is a phase");
	is_int(f.last.phase_ns[PROBE_PHASE_TLS], -1, "TLS is none");
	ok(t->more->account != NULL, "what it has us do is counted");
	while (recv(p.fd, &byte, 1, 0) < 0 && errno == EAGAIN)
		loop_turn();
	is_int(recv(p.fd, &byte, 1, 0), 0, "a fresh connection is closed after it");
	peer_close(&p);
	mem_deref(t);
	fixture_close(&f);
}

/* Bound, over a connection that is kept. */
static struct target *bound_open(struct fixture *f, struct peer *p)
{
	struct target *t;

	fixture_open(
		f, TCP,
		", \"interval\": \"60s\", \"down_interval\": \"10s\", \"method\": "
		"\"REGISTER\", \"register\": {\"bind\": true, \"expires\": \"10m\"}");
	t = fixture_target(f, &prober_register);
	fixture_probe(t);
	ok(loop_until(is_asked, p), "asked to bind");
	peer_answer(p, "200 OK");
	ok(loop_until(is_done, f) && t->more->stream,
	   "bound, and the connection is kept");
	return t;
}

static void peer_leaves(struct peer *p, const struct target *t)
{
	ok(t->due_ns > virtual_now_ns, "the next probe is to come");
	peer_close(p);
	for (int i = 0; i < 100 && t->more->stream; i++)
		loop_turn();
	ok(!t->more->stream, "the peer closes");
}

/* Who registered over it is out of reach, and registers anew; overdue is no lag. */
static void test_hastened(void)
{
	static const struct {
		int64_t closed_ms, due_ms;
		const char *name;
	} cases[] = {
		{20000, 0, "it is due now"},
		{4000, 6000, "at once: it is due after down_interval"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct peer p = {&f, -1};
		struct target *t = bound_open(&f, &p);

		pass_ms(cases[i].closed_ms);
		peer_leaves(&p, t);
		is_int((t->due_ns - virtual_now_ns) / CLOCK_NS_PER_MS, cases[i].due_ms,
		       cases[i].name);
		mem_deref(t);
		fixture_close(&f);
	}
}

/* An overloaded registrar that closes after its 503 is not to be asked the sooner. */
static void test_refused_and_closed(void)
{
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t = bound_open(&f, &p);
	int64_t due_ns;

	f.told[0] = '\0';
	fixture_probe(t);
	ok(loop_until(is_asked, &p), "asked again");
	peer_answer(&p, "503 Busy\r\nRetry-After: 40");
	ok(loop_until(is_told, &f), "and refused");
	due_ns = t->due_ns;
	peer_leaves(&p, t);
	is_int(t->due_ns - due_ns, 0, "the next probe is due when it was");
	mem_deref(t);
	fixture_close(&f);
}

static void test_reuse(void)
{
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;
	int first;

	fixture_open(&f, TCP, REUSE);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	loop_until(is_asked, &p);
	peer_answer(&p, "200 OK");
	loop_until(is_done, &f);
	(void)fixture_told(&f);
	first = p.fd;

	fixture_probe(t);
	ok(loop_until(is_asked, &p) && p.fd == first, "asked on the same connection");
	peer_answer(&p, "200 OK");
	loop_until(is_done, &f);
	is_str(fixture_told(&f), "begin, response 200 up", "and answered");
	is_int(f.last.phase_ns[PROBE_PHASE_CONNECT], -1,
	       "an earlier probe's connecting is none of this one's phases");

	/* The peer closes while we are idle, and our loop sees it. */
	peer_close(&p);
	for (int i = 0; i < 100 && t->more->stream; i++)
		loop_turn();
	ok(!t->more->stream, "a close in between is seen");
	is_str(fixture_told(&f), "", "and is nobody's fault");
	fixture_probe(t);
	ok(loop_until(is_asked, &p), "the next probe opens another");
	ok(f.last.phase_ns[PROBE_PHASE_CONNECT] < 0, "not yet told");
	peer_answer(&p, "200 OK");
	loop_until(is_done, &f);
	is_str(fixture_told(&f), "begin, response 200 up", "and is answered");
	ok(f.last.phase_ns[PROBE_PHASE_CONNECT] >= 0, "connecting is its phase");

	/* The same, and the probe that uses it is the first to see it. */
	peer_reset(&p);
	fixture_probe(t);
	ok(loop_until(is_asked, &p), "found dead by a probe: it opens another");
	peer_answer(&p, "200 OK");
	loop_until(is_done, &f);
	is_str(fixture_told(&f), "begin, response 200 up", "without a failure");

	/* Once only: the new one is no reused one. */
	peer_reset(&p);
	fixture_probe(t);
	loop_until(is_asked, &p);
	peer_reset(&p);
	loop_until(is_done, &f);
	is_str(fixture_told(&f), "begin, connect down", "another close is a failure");
	mem_deref(t);
	fixture_close(&f);
}

/* What the kernel would say of a connection whose peer acknowledges nothing. */
static bool overdue;
bool __wrap_stream_is_overdue(const struct stream *s);

bool __wrap_stream_is_overdue(const struct stream *s)
{
	(void)s;
	return overdue;
}

/* What becomes of a new connection. */
enum answering {
	ANSWERS,
	REFUSES,
	IS_SILENT,
};

/*
 * A kept connection that is found dead within the probe. Looked at after twice T1, then
 * every T1; @answers: the peer has a new one, @dead_ms: from then on it says nothing.
 */
static void check_replaced(const char *settings, int64_t dead_ms, enum answering answers,
			   const char *told, const char *ladder)
{
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;
	char via[FIXTURE_TEXT + 8];
	int first;

	fixture_open(&f, TCP, settings);
	f.ladder_wanted = true;
	overdue = false;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	loop_until(is_asked, &p);
	peer_answer(&p, "200 OK");
	loop_until(is_done, &f);
	(void)fixture_told(&f);

	fixture_probe(t);
	ok(loop_until(is_asked, &p), "asked on the kept connection");
	(void)snprintf(via, sizeof(via), "Via: %s", fixture_field(&f, "Via"));
	first = p.fd;
	p.fd = -1;
	if (answers == REFUSES) {
		(void)close(f.fd);
		f.fd = -1;
	}
	pass_ms(dead_ms - 20);
	overdue = true;
	ok(t->more->stream && t->attempt->reused, "which is kept until it is looked at");
	pass_ms(40);
	overdue = false;
	if (answers != REFUSES)
		ok(loop_until(is_asked, &p), "and asked again on another");
	if (answers == ANSWERS)
		peer_answer(&p, "200 OK");
	else if (answers == IS_SILENT)
		pass_ms(5000);
	ok(loop_until(is_done, &f), "an end");
	is_str(fixture_told(&f), told, "the result");
	/* Of the answer the kernel's stamp counts, which no test can say to the
	 * millisecond. */
	f.ladder[strlen(ladder)] = '\0';
	is_str(f.ladder, ladder, "the ladder");
	ok(strstr(f.sent, via), "with each request as it was sent: %.40s", via);
	peer_close(&p);
	(void)close(first);
	mem_deref(t);
	fixture_close(&f);
}

static void test_replaced(void)
{
	check_replaced(REUSE, 1000, ANSWERS, "begin, response 200 up",
		       "sent@0 replaced@1000 connect@1020 sent@1020 received@1");
	check_replaced(REUSE, 1500, ANSWERS, "begin, response 200 up",
		       "sent@0 replaced@1500 connect@1520 sent@1520 received@1");
	check_replaced(REUSE, 1000, REFUSES, "begin, refused down",
		       "sent@0 replaced@1000 closed@1020");
	check_replaced(REUSE, 1000, IS_SILENT, "begin, timeout down",
		       "sent@0 replaced@1000 connect@1020 sent@1020 deadline@5000");
	/* A short timeout leaves half of itself to the new connection. */
	check_replaced(", \"interval\": \"2h\", \"timeout\": \"1600ms\", "
		       "\"connection\": \"reuse\"",
		       800, ANSWERS, "begin, response 200 up",
		       "sent@0 replaced@800 connect@820 sent@820 received@");
}

static void test_failures(void)
{
	static const struct {
		const char *name, *told, *detail;
		bool listens, accepts, closes, talks;
	} cases[] = {
		{"refused", "begin, refused down", NULL, 0, 0, 0, 0},
		{"closed before an answer", "begin, connect down", NULL, 1, 1, 1, 0},
		{"something else than SIP", "begin, protocol down", NULL, 1, 1, 0, 1},
		{"silence", "begin, timeout down", "", 1, 1, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct peer p = {&f, -1};
		struct target *t;

		fixture_open(&f, TCP, CALM);
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		if (!cases[i].listens) {
			(void)close(f.fd);
			f.fd = -1;
		}
		fixture_probe(t);
		if (cases[i].accepts)
			loop_until(is_asked, &p);
		if (cases[i].closes)
			peer_close(&p);
		if (cases[i].talks)
			(void)!send(p.fd, "220 mail\r\n\r\n", 12, MSG_NOSIGNAL);
		if (!cases[i].closes && !cases[i].talks && cases[i].listens)
			pass_ms(5000);
		loop_until(is_done, &f);
		is_str(fixture_told(&f), cases[i].told, cases[i].name);
		if (cases[i].detail)
			is_str(f.last.detail, cases[i].detail, "nothing to add");
		ok(!t->more->stream, "no connection is kept");
		peer_close(&p);
		mem_deref(t);
		fixture_close(&f);
	}
}

/* Connections that wait to be accepted until there is no room for more. */
static void fill_backlog(const struct fixture *f, int fds[2])
{
	(void)listen(f->fd, 0);
	for (int i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fds[i], &f->address.sa.u.sa, f->address.sa.len);
	}
}

/* How far it had come by the deadline decides what is said. */
static void test_no_connection(void)
{
	struct fixture f;
	struct target *t;
	int fds[2];

	fixture_open(&f, TCP, CALM);
	fill_backlog(&f, fds);
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	(void)fixture_told(&f);
	pass_ms(5000);
	is_str(fixture_told(&f), "connect down", "no connection");
	is_str(f.last.detail, "no TCP connection before the deadline", "in words");
	is_str(f.ladder, "deadline@5000", "the ladder");
	for (int i = 0; i < 2; i++)
		(void)close(fds[i]);
	mem_deref(t);
	fixture_close(&f);
}

/* The loop stood still, the connection stands: what was not sent yet has its time now. */
static void test_held_up(void)
{
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;

	fixture_open(&f, TCP, CALM);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	(void)fixture_told(&f);
	pass_ms(6000);
	is_str(fixture_told(&f), "", "no failure");
	ok(loop_until(is_asked, &p), "it is asked now");
	pass_ms(3900);
	is_str(fixture_told(&f), "", "and has its whole time");
	pass_ms(1000);
	is_str(fixture_told(&f), "timeout down", "once");
	peer_close(&p);

	/* And then we stand still again. */
	fixture_probe(t);
	(void)fixture_told(&f);
	pass_ms(6000);
	is_str(fixture_told(&f), "", "no failure");
	virtual_now_ns += 12 * CLOCK_NS_PER_S;
	pass_ms(10);
	is_str(fixture_told(&f), "timeout down", "but once a probe");
	mem_deref(t);
	fixture_close(&f);
}

/* From an address that is not there, or of the other family. */
static void test_local(void)
{
	static const struct {
		const char *local, *told;
		int err;
	} cases[] = {
		{"192.0.2.1", "begin, internal down", EADDRNOTAVAIL},
		{"::1", "begin, internal down", EAFNOSUPPORT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char settings[128];
		struct fixture f;
		struct target *t;

		(void)snprintf(settings, sizeof(settings),
			       CALM ", \"local\": {\"address\": \"%s\"}", cases[i].local);
		fixture_open(&f, TCP, settings);
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		fixture_probe(t);
		loop_until(is_done, &f);
		is_str(fixture_told(&f), cases[i].told, cases[i].local);
		is_int(f.last.err, cases[i].err, "why");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* Another socket has the port that the trunk is to send from, and a connection by it. */
static int port_taker(struct fixture *f, uint16_t *port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sa sa;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	sa_set_str(&sa, "127.0.0.1", 0);
	if (bind(fd, &sa.u.sa, sizeof(sa.u.in)) ||
	    connect(fd, &f->address.sa.u.sa, sizeof(sa.u.in)) ||
	    getsockname(fd, &sa.u.sa, &sa.len))
		perror("taker");
	*port = sa_port(&sa);
	return fd;
}

/* From one port there is one connection to a peer: checks that share it take turns. */
static void test_turns(void)
{
	const struct linger reset = {.l_onoff = 1};

	for (int freed = 0; freed < 2; freed++) {
		struct fixture f;
		struct peer p = {&f, -1};
		struct target *t;
		uint16_t port;
		int taker, taken;

		fixture_open(&f, TCP, CALM);
		taker = port_taker(&f, &port);
		taken = accept(f.fd, NULL, NULL);
		config_free(f.config);
		f.config = fixture_config(
			"{\"trunks\": [{\"name\": \"isp\", \"uri\": "
			"\"sip:127.0.0.1:%u;transport=tcp\"" CALM
			", \"local\": {\"address\": \"127.0.0.1\", \"port\": %u}}]}",
			sa_port(&f.address.sa), port);
		f.owner.conf = fixture_trunk(&f);
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		fixture_probe(t);
		pass_ms(2000);
		is_str(fixture_told(&f), "begin", "it waits for its turn");
		if (freed) {
			(void)setsockopt(taker, SOL_SOCKET, SO_LINGER, &reset,
					 sizeof(reset));
			(void)close(taker);
			pass_ms(50);
			ok(loop_until(is_asked, &p), "its turn has come");
			peer_answer(&p, "200 OK");
			loop_until(is_done, &f);
			is_str(fixture_told(&f), "response 200 up", "answered");
		} else {
			pass_ms(3000);
			is_str(fixture_told(&f), "internal down", "it never comes");
			ok(strstr(f.last.detail, "another connection to this peer"),
			   "in words");
			(void)close(taker);
		}
		(void)close(taken);
		peer_close(&p);
		mem_deref(t);
		fixture_close(&f);
	}
}

static bool is_inbound(void *arg)
{
	return strstr(((struct fixture *)arg)->told, "inbound") ||
	       strstr(((struct fixture *)arg)->told, "unmatched");
}

/* What the peer asks on a connection of ours, or answers that nobody asked. */
static void test_requests(void)
{
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;
	char ping[FIXTURE_TEXT];
	int n;

	fixture_open(&f, TCP, REUSE);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	loop_until(is_asked, &p);
	(void)fixture_told(&f);
	n = snprintf(ping, sizeof(ping),
		     "OPTIONS sip:us SIP/2.0\r\n"
		     "Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKpeer\r\n"
		     "From: <sip:peer@127.0.0.1>;tag=1\r\nTo: <sip:us@127.0.0.1>\r\n"
		     "Call-ID: peer\r\nCSeq: 7 OPTIONS\r\nMax-Forwards: 70\r\n"
		     "Content-Length: 0\r\n\r\n");
	(void)!send(p.fd, ping, (size_t)n, MSG_NOSIGNAL);
	ok(loop_until(is_inbound, &f), "the peer's own OPTIONS");
	is_str(fixture_told(&f), "inbound isp OPTIONS 200", "are told");
	memcpy(ping, f.got, sizeof(ping));
	ok(loop_until(is_asked, &p), "and answered");
	ok(!strncmp(f.got, "SIP/2.0 200 ", 12), "by 200");

	fixture_answer(f.got, ping, "200 OK", "");
	memcpy(strstr(f.got, "branch=z9hG4bK") + 14, "ffffffff", 8);
	(void)!send(p.fd, f.got, strlen(f.got), MSG_NOSIGNAL);
	ok(loop_until(is_inbound, &f), "an answer to nothing");
	is_str(fixture_told(&f), "unmatched", "is told");
	memcpy(f.got, ping, sizeof(ping));
	peer_answer(&p, "200 OK");
	loop_until(is_done, &f);
	is_str(fixture_told(&f), "response 200 up", "and the probe goes on");
	peer_close(&p);
	mem_deref(t);
	fixture_close(&f);
}

/* What we say of ourselves: the port that we listen on, not that of the connection. */
static void test_via_port(void)
{
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;
	char err[128], want[64];
	struct config *listens =
		fixture_config("{\"sip\": {\"listen\": [\"tcp:127.0.0.1:0\"]}, "
			       "\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a\"}]}");

	fixture_open(&f, TCP, CALM);
	is_int(sockets_prepare(f.services.sockets, &listens->sip, f.group.tls, err,
			       sizeof(err)),
	       0, "listening");
	(void)sockets_commit(f.services.sockets);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	loop_until(is_asked, &p);
	(void)snprintf(want, sizeof(want), "SIP/2.0/TCP 127.0.0.1:%u;",
		       sockets_stream_port(f.services.sockets, TCP, &f.address.sa));
	ok(strstr(f.got, want) != NULL, "Via names the port of the listening socket");
	peer_close(&p);
	mem_deref(t);
	fixture_close(&f);
	config_free(listens);
}

/* Where there is no other connection to be had, it is not the peer who is blamed. */
static void test_no_other(void)
{
	struct config_settings settings;
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;

	fixture_open(&f, TCP, REUSE);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	loop_until(is_asked, &p);
	peer_answer(&p, "200 OK");
	loop_until(is_done, &f);
	(void)fixture_told(&f);
	settings = *t->settings;
	settings.local.address = "192.0.2.77";
	t->settings = &settings;
	peer_reset(&p);
	fixture_probe(t);
	loop_until(is_done, &f);
	is_str(fixture_told(&f), "begin, internal down", "no fault of the peer's");
	is_int(f.last.err, EADDRNOTAVAIL, "but our own address's");
	mem_deref(t);
	fixture_close(&f);
}

/* A listener that comes by a reload is where we are reached from then on. */
static void test_contact_of_listener(void)
{
	struct config *listens =
		fixture_config("{\"sip\": {\"listen\": [\"tcp:127.0.0.1:0\"]}, "
			       "\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a\"}]}");
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;
	char err[128], want[64];

	fixture_open(&f, TCP,
		     CALM ", \"method\": \"REGISTER\", \"register\": {\"bind\": true}");
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	ok(loop_until(is_asked, &p), "asked to bind");
	peer_answer(&p, "200 OK");
	ok(loop_until(is_done, &f), "bound over our own connection");
	f.told[0] = '\0';
	is_int(sockets_prepare(f.services.sockets, &listens->sip, f.group.tls, err,
			       sizeof(err)),
	       0, "listening");
	(void)sockets_commit(f.services.sockets);
	fixture_probe(t);
	ok(loop_until(is_asked, &p), "asked again");
	(void)snprintf(want, sizeof(want), "@127.0.0.1:%u;",
		       sockets_stream_port(f.services.sockets, TCP, &f.address.sa));
	ok(strstr(fixture_field(&f, "Contact"), want) != NULL, "for the listener: %s",
	   fixture_field(&f, "Contact"));
	peer_close(&p);
	mem_deref(t);
	fixture_close(&f);
	config_free(listens);
}

/* Nor a word to the handshake of WebSocket. */
static void test_websocket_silence(void)
{
	struct fixture f;
	struct peer p = {&f, -1};
	struct target *t;

	fixture_open(&f, TCP, CALM);
	config_free(f.config);
	f.config = fixture_config("{\"trunks\": [{\"name\": \"isp\", \"uri\": "
				  "\"sip:127.0.0.1:%u;transport=ws\"" CALM "}]}",
				  sa_port(&f.address.sa));
	f.group.conf = f.config;
	f.owner.conf = fixture_trunk(&f);
	f.address.transport = CONFIG_TRANSPORT_WS;
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	ok(loop_until(is_asked, &p), "a request");
	ok(!strncmp(f.got, "GET ", 4), "of HTTP");
	is_str(fixture_field(&f, "Sec-WebSocket-Protocol"), "sip", "for SIP");
	pass_ms(5000);
	is_str(fixture_told(&f), "begin, websocket down", "no handshake");
	is_str(f.last.detail, "WebSocket handshake not done before the deadline",
	       "in words");
	is_int(f.last.phase_ns[PROBE_PHASE_WEBSOCKET], -1, "it was never done");
	ok(f.last.phase_ns[PROBE_PHASE_CONNECT] >= 0, "connecting was");
	peer_close(&p);
	mem_deref(t);
	fixture_close(&f);
}

/* A TLS target whose peer says nothing: the handshake is what was not done. */
static void test_tls_silence(void)
{
	struct fixture f;
	struct target *t;
	int fd = -1;

	fixture_open(&f, CONFIG_TRANSPORT_TLS, CALM);
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	for (int i = 0; i < 1000 && fd < 0; i++) {
		loop_turn();
		fd = accept4(f.fd, NULL, NULL, 0);
	}
	for (int i = 0; i < 1000 && stream_report(t->more->stream)->connect_ns < 0; i++)
		loop_turn();
	pass_ms(5000);
	is_str(fixture_told(&f), "begin, tls down", "no handshake");
	is_str(f.last.detail, "TLS handshake not done before the deadline", "in words");
	is_int(f.last.tls_cause, TLS_FAILURE_TIMEOUT, "its cause");
	is_int(f.last.tls_fault, TLS_FAULT_TIMEOUT, "and fault");
	(void)close(fd);
	mem_deref(t);
	fixture_close(&f);
}

static void test_peer_name(void)
{
	static const struct {
		const char *uri, *settings, *want;
	} cases[] = {
		{"sip:sbc.example;transport=tls", "", "sbc.example"},
		{"sip:sbc.example;transport=tls",
		 ", \"tls\": {\"server_name\": \"other.example\"}", "other.example"},
		{"sip:a.example",
		 ", \"outbound_proxy\": \"sip:proxy.example;transport=tls\"",
		 "proxy.example"},
		{"sips:[2001:db8::1]", "", "2001:db8::1"},
	};
	char name[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *c = fixture_config(
			"{\"trunks\": [{\"name\": \"a\", \"uri\": \"%s\"%s}]}",
			cases[i].uri, cases[i].settings);
		struct target_owner owner = {.conf = c->trunks};
		struct target t = {.owner = &owner, .settings = c->trunks->settings};

		is_int(target_peer_name(&t, name, sizeof(name)), 0, cases[i].uri);
		is_str(name, cases[i].want, "the name that it must prove");
		if (!c->trunks->settings->tls.server_name)
			is_int(target_peer_name(&t, name, strlen(cases[i].want)), EINVAL,
			       "no room for its end");
		config_free(c);
	}
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_fresh,
		test_hastened,
		test_reuse,
		test_refused_and_closed,
		test_contact_of_listener,
		test_no_other,
		test_replaced,
		test_failures,
		test_no_connection,
		test_held_up,
		test_local,
		test_requests,
		test_via_port,
		test_tls_silence,
		test_websocket_silence,
		test_peer_name,
		test_turns,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

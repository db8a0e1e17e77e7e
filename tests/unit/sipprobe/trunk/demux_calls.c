/* What arrives within calls goes to them; and what of all that is mirrored. */
#include <stdlib.h>

#include "sipprobe/call/calls.h"
#include "sipprobe/hep/hep_mirror.h"
#include "sipprobe/target/probers.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/sipprobe/trunk/other.h"
#include "tests/unit/sipprobe/trunk/wire.h"

#define UDP CONFIG_TRANSPORT_UDP
#define TCP CONFIG_TRANSPORT_TCP

/* Calls that take everything they are shown, or nothing. */
static struct {
	bool take, take_invites;
	unsigned code; /* of their answer to a request */
	char shown[256];
	struct call_arrival invited;
	struct sa our_end; /* of that */
} calls;

static bool calls_shown(const char *what)
{
	size_t used = strlen(calls.shown);

	(void)snprintf(calls.shown + used, sizeof(calls.shown) - used, "%s%s",
		       used ? ", " : "", what);
	return calls.take;
}

/* What they were shown since the last call. */
static const char *shown(void)
{
	static char text[sizeof(calls.shown)];

	(void)snprintf(text, sizeof(text), "%s", calls.shown);
	calls.shown[0] = '\0';
	return text;
}

bool __wrap_calls_request(struct calls *cs, const struct guard_message *m, int64_t rx_ns,
			  unsigned *code, struct answer_dialog *dialog);
bool __wrap_calls_invite(struct calls *cs, const struct guard_message *m,
			 const struct call_arrival *at);
bool __wrap_calls_response(struct calls *cs, const struct sa *src,
			   const struct guard_message *m, int64_t rx_ns);
bool __wrap_calls_icmp(struct calls *cs, const struct pl *branch, int err);

bool __wrap_calls_request(struct calls *cs, const struct guard_message *m, int64_t rx_ns,
			  unsigned *code, struct answer_dialog *dialog)
{
	(void)cs, (void)m, (void)rx_ns;
	*code = calls.code;
	*dialog = (struct answer_dialog){.fields = "X-Call: ours\r\n"};
	return calls_shown("request");
}

bool __wrap_calls_invite(struct calls *cs, const struct guard_message *m,
			 const struct call_arrival *at)
{
	(void)cs, (void)m;
	calls.invited = *at;
	calls.our_end = *at->local;
	return calls_shown("invite") || calls.take_invites;
}

bool __wrap_calls_response(struct calls *cs, const struct sa *src,
			   const struct guard_message *m, int64_t rx_ns)
{
	(void)cs, (void)src, (void)m, (void)rx_ns;
	return calls_shown("response");
}

bool __wrap_calls_icmp(struct calls *cs, const struct pl *branch, int err)
{
	(void)cs, (void)branch, (void)err;
	return calls_shown("icmp");
}

/* A trunk, a stranger's address, and our ends that both may send to. */
struct bench {
	struct fixture f;
	struct target *t;
	struct udp *u;
	struct wire w;
	struct sa stranger;
};

static void bench_open(struct bench *b, enum config_transport transport)
{
	fixture_open(&b->f, transport, CALM);
	b->f.services.calls = (void *)&calls;
	b->t = fixture_target(&b->f, &prober_options);
	b->u = our_socket(&b->f, "127.0.0.1");
	if (transport == TCP)
		wire_open(&b->w, &b->f, true);
	sa_set_str(&b->stranger, "127.0.0.2", sa_port(&b->f.address.sa));
	(void)fixture_told(&b->f);
	(void)shown();
}

static void bench_close(struct bench *b, enum config_transport transport)
{
	if (transport == TCP)
		wire_close(&b->w);
	mem_deref(b->t);
	b->f.services.calls = NULL;
	fixture_close(&b->f);
}

/* A request that comes from @src, or without one on the connection. */
static void ask(struct bench *b, const struct sa *src, const char *method,
		const char *uri)
{
	char buf[FIXTURE_TEXT];
	struct guard_message m;
	size_t len = request(buf, method, uri, "");

	if (src)
		demux_arrivals.datagram_h(b->u, src, buf, len, 0, b->f.demux);
	else if (!guard_stream(&m, buf, len, NULL))
		demux_arrivals.request_h(b->w.ours, TCP, &m, b->f.demux);
}

/* A request within a call is nobody's news, whoever sends it. */
static void test_request(void)
{
	struct bench b;

	bench_open(&b, UDP);
	calls.take = true;
	calls.code = 202;
	ask(&b, &b.f.address.sa, "BYE", "sip:us");
	is_str(shown(), "request", "calls are shown a datagram");
	is_int(fixture_drain(&b.f), 1, "which is answered");
	ok(!strncmp(b.f.got, "SIP/2.0 202 ", 12), "as they say");
	is_str(fixture_field(&b.f, "X-Call"), "ours", "with what they say besides");
	calls.code = 0;
	ask(&b, &b.f.address.sa, "ACK", "sip:us");
	is_int(fixture_drain(&b.f), 0, "or not at all");
	ask(&b, &b.stranger, "BYE", "sip:us");
	is_str(fixture_told(&b.f), "", "nothing of that is told, nor of a stranger's");
	calls.take = false;
	ask(&b, &b.f.address.sa, "BYE", "sip:us");
	is_str(fixture_told(&b.f), "inbound isp BYE 405", "what is no call's is");
	bench_close(&b, UDP);
}

static void test_request_on_stream(void)
{
	struct bench b;

	bench_open(&b, TCP);
	calls.take = true;
	calls.code = 0;
	ask(&b, NULL, "ACK", "sip:us");
	calls.code = 202;
	ask(&b, NULL, "BYE", "sip:us");
	is_str(shown(), "request, request", "calls are shown what a connection brings");
	is_str(fixture_told(&b.f), "", "which is not told");
	loop_until(wire_has_message, &b.w);
	ok(b.w.messages == 1 && strstr(b.w.got, "SIP/2.0 202 ") == b.w.got &&
		   strstr(b.w.got, "\r\nX-Call: ours\r\n"),
	   "and answered there, where it has an answer");
	calls.take = false;
	ask(&b, NULL, "BYE", "sip:us");
	is_str(fixture_told(&b.f), "inbound isp BYE 405", "what is no call's is told");
	bench_close(&b, TCP);
}

/* An INVITE of a peer's may be a call of ours come back. */
static void test_invite(void)
{
	struct bench b;

	bench_open(&b, UDP);
	calls.take = false;
	ask(&b, &b.f.address.sa, "INVITE", "sip:us");
	is_str(shown(), "request, invite", "calls are shown it");
	is_str(fixture_told(&b.f), "inbound isp INVITE 405", "and it is none of theirs");
	ask(&b, &b.f.address.sa, "OPTIONS", "sip:us");
	ask(&b, &b.f.address.sa, "INVITE", "<sip:us>");
	ask(&b, &b.stranger, "INVITE", "sip:us");
	is_str(shown(), "request, request, request",
	       "not another method, a faulty one, or a stranger's");
	bench_close(&b, UDP);
}

/* A call that came back is theirs to answer, at the end that it came to. */
static void test_call_back(void)
{
	static const enum config_transport transports[] = {UDP, TCP};

	for (int i = 0; i < 2; i++) {
		const struct call_arrival *at = &calls.invited;
		const struct sa *ours;
		struct bench b;

		bench_open(&b, transports[i]);
		ours = i ? stream_local(b.w.ours) : udp_local(b.u);
		calls.take = false;
		ask(&b, i ? NULL : &b.f.address.sa, "INVITE", "sip:us");
		is_str(fixture_told(&b.f), "inbound isp INVITE 405", "one that did not");
		fixture_drain(&b.f);
		calls.take_invites = true;
		ask(&b, i ? NULL : &b.f.address.sa, "INVITE", "sip:us");
		is_str(fixture_told(&b.f), "inbound isp INVITE 200", "one that did");
		is_int(fixture_drain(&b.f), 0, "which is answered by the call");
		ok(at->transport == transports[i] && !at->udp == (i == 1) &&
			   !at->stream == (i == 0),
		   "on the way that it came by");
		ok(sa_cmp(&calls.our_end, ours, SA_ALL), "to this end of ours");
		calls.take_invites = false;
		bench_close(&b, transports[i]);
	}
}

/* A response to somebody's request, for demux to find out whose. */
static size_t response(char buf[FIXTURE_TEXT], const char *branch)
{
	return (size_t)snprintf(buf, FIXTURE_TEXT,
				"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP "
				"127.0.0.1;branch=%s\r\nFrom: <sip:a@b>;tag=1\r\n"
				"To: <sip:a@b>;tag=2\r\nCall-ID: x\r\n"
				"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
				branch);
}

static void test_response(void)
{
	char buf[FIXTURE_TEXT];
	struct guard_message m;
	struct bench b;
	size_t len = response(buf, "z9hG4bKcall");

	bench_open(&b, TCP);
	(void)!guard_stream(&m, buf, len, NULL);
	for (int take = 0; take < 2; take++) {
		calls.take = take;
		demux_arrivals.datagram_h(b.u, &b.stranger, buf, len, 0, b.f.demux);
		is_str(fixture_told(&b.f), take ? "" : "unmatched", "a datagram");
		ok(demux_arrivals.response_h(b.w.ours, &m, 0, b.f.demux) == take,
		   "on a connection: %s", take ? "a call's" : "nobody's");
	}
	is_str(shown(), "response, response, response, response", "all were shown");
	b.f.services.calls = NULL;
	ok(!demux_arrivals.response_h(b.w.ours, &m, 0, b.f.demux),
	   "where there are no calls it is nobody's");
	bench_close(&b, TCP);
}

static void test_icmp(void)
{
	struct bench b;

	bench_open(&b, UDP);
	for (int take = 1; take >= 0; take--) {
		fixture_probe(b.t);
		fixture_drain(&b.f);
		(void)fixture_told(&b.f);
		calls.take = take;
		demux_arrivals.icmp_h(&b.f.address.sa, EHOSTUNREACH, b.f.got,
				      strlen(b.f.got), b.f.demux);
		is_str(fixture_told(&b.f), take ? "" : "unreachable down",
		       take ? "what is a call's is no target's" : "and the other way");
	}
	bench_close(&b, UDP);
}

/* A collector of what is mirrored. */
struct collector {
	int fd;
	struct hep_mirror *mirror;
};

static void collector_told_h(bool sent, void *arg)
{
	(void)sent, (void)arg;
}

static void collector_open(struct collector *c)
{
	struct sa at;

	sa_set_str(&at, "127.0.0.1", 0);
	at.len = sizeof(at.u);
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (bind(c->fd, &at.u.sa, sizeof(at.u.in)) ||
	    getsockname(c->fd, &at.u.sa, &at.len) ||
	    hep_mirror_alloc(&c->mirror, collector_told_h, NULL) ||
	    hep_mirror_aim(c->mirror, &at)) {
		puts("# no collector");
		exit(1);
	}
	hep_mirror_use(c->mirror, 1);
}

static void collector_close(struct collector *c)
{
	mem_deref(c->mirror);
	(void)close(c->fd);
}

/* The beginnings of what came to the collector since. */
static const char *mirrored(struct collector *c)
{
	static const char payload[] = {0, 0, 0, 15}; /* its chunk, the last */
	static char text[256];
	char buf[FIXTURE_TEXT];
	ssize_t n;

	text[0] = '\0';
	while ((n = recv(c->fd, buf, sizeof(buf) - 1, 0)) > 0) {
		const char *at = memmem(buf, (size_t)n, payload, sizeof(payload));

		buf[n] = '\0';
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "%s%.11s", text[0] ? ", " : "", at ? at + 6 : "?");
	}
	return text;
}

static void test_mirror(void)
{
	struct collector c;
	struct bench b;

	collector_open(&c);
	bench_open(&b, UDP);
	calls.take = false;
	ask(&b, &b.stranger, "OPTIONS", "sip:us");
	is_str(mirrored(&c), "", "strangers' are nobody's to keep");
	ask(&b, &b.f.address.sa, "OPTIONS", "sip:us");
	is_str(mirrored(&c), "OPTIONS sip, SIP/2.0 200",
	       "a peer's request and our answer");
	calls.take = true;
	calls.code = 202;
	ask(&b, &b.stranger, "BYE", "sip:us");
	is_str(mirrored(&c), "BYE sip:us , SIP/2.0 202", "of a call, whoever sent it");
	bench_close(&b, UDP);
	collector_close(&c);
}

static void test_mirror_stream(void)
{
	struct collector c;
	struct bench b;

	collector_open(&c);
	bench_open(&b, TCP);
	calls.take = false;
	ask(&b, NULL, "OPTIONS", "sip:us");
	is_str(mirrored(&c), "OPTIONS sip, SIP/2.0 200",
	       "a peer's request and our answer");
	calls.take = true;
	calls.code = 202;
	ask(&b, NULL, "BYE", "sip:us");
	is_str(mirrored(&c), "BYE sip:us , SIP/2.0 202", "of a call");
	bench_close(&b, TCP);
	collector_close(&c);
}

static void test_mirror_response(void)
{
	char buf[FIXTURE_TEXT];
	struct collector c;
	struct bench b;
	struct guard_message m;
	size_t len;

	bench_open(&b, TCP);
	collector_open(&c);
	len = response(buf, "z9hG4bKother");
	(void)!guard_stream(&m, buf, len, NULL);
	for (int take = 0; take < 2; take++) {
		calls.take = take;
		demux_arrivals.datagram_h(b.u, &b.f.address.sa, buf, len, 0, b.f.demux);
		is_str(mirrored(&c), take ? "SIP/2.0 200" : "", "a datagram");
		(void)demux_arrivals.response_h(b.w.ours, &m, 0, b.f.demux);
		is_str(mirrored(&c), take ? "SIP/2.0 200" : "", "on a connection");
	}
	bench_close(&b, TCP);
	collector_close(&c);
}

/* An answer to a target is mirrored once, before what it leads to. */
static void test_mirror_answer(void)
{
	char buf[FIXTURE_TEXT];
	struct collector c;
	struct bench b;
	size_t len;

	bench_open(&b, UDP);
	calls.take = false;
	fixture_probe(b.t);
	fixture_drain(&b.f);
	collector_open(&c);
	len = fixture_answer(buf, b.f.got, "200 OK", "");
	demux_arrivals.datagram_h(b.u, &b.f.address.sa, buf, len, 0, b.f.demux);
	is_str(mirrored(&c), "SIP/2.0 200", "an answer");
	bench_close(&b, UDP);
	collector_close(&c);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_request,	    test_request_on_stream, test_invite,
		test_call_back,	    test_response,	    test_icmp,
		test_mirror,	    test_mirror_stream,	    test_mirror_response,
		test_mirror_answer,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

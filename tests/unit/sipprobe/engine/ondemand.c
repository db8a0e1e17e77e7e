/* Probes on demand: where they may go, what they come to, and when they end. */
#include "sipprobe/ondemand.h"
#include "sipprobe/transport/stream.h"
#include "tests/unit/sipprobe/engine/running.h"
#include "tests/unit/sipprobe/transport/cert_file.h"

#define IPV4 "\"family\": \"ipv4\""

/* A probe on demand and what its report said. */
struct asked {
	struct running r;
	struct config *config;
	struct ondemand *probe;
	struct ondemand_request request;
	unsigned reports;
	struct ondemand_report report; /* but for its pointers */
	struct ondemand_answer decisive;
	char order[256]; /* "127.0.0.1 OPTIONS response, …", best first */
	char ladder[64]; /* of the first answer, its kinds */
};

static void report_h(const struct ondemand_report *r, void *arg)
{
	struct asked *a = arg;

	a->reports++;
	a->report = *r;
	a->probe = NULL;
	for (size_t i = 0; i < r->count; i++) {
		const struct ondemand_answer *n = &r->answers[i];
		size_t used = strlen(a->order);

		(void)snprintf(a->order + used, sizeof(a->order) - used, "%s%.*s %s %s",
			       used ? ", " : "", (int)strcspn(n->address, ":"),
			       n->address, n->method,
			       probe_outcome_name(n->result.outcome));
	}
	for (size_t i = 0; r->count && i < r->answers->ladder.count; i++) {
		size_t used = strlen(a->ladder);

		(void)snprintf(a->ladder + used, sizeof(a->ladder) - used, "%s%s",
			       used ? " " : "",
			       ladder_kind_name(r->answers->ladder.entries[i].kind));
	}
	if (r->decisive)
		a->decisive = *r->decisive;
}

static bool is_reported(void *arg)
{
	/* What is due at once waits for a tick, and only a test turns the wheel. */
	pass_ns(WHEEL_TICK_NS);
	return ((struct asked *)arg)->reports;
}

/*
 * Puts a configuration in force to ask with.
 *
 * @settings: of `defaults`; @probe: of `probe.allow`
 */
static void asked_open(struct asked *a, const char *settings, const char *allow,
		       const char *zone)
{
	*a = (struct asked){.probe = NULL};
	running_open(&a->r, zone);
	a->config = fixture_config(
		"{\"defaults\": {\"timeout\": \"5s\", %s}, \"probe\": {\"allow\": [%s]}, "
		"\"trunks\": [{\"name\": \"idle\", \"uri\": \"sip:127.0.0.9\", "
		"\"paused\": true}]}",
		settings, allow);
	(void)running_apply(&a->r, a->config);
	a->request = (struct ondemand_request){
		.settings = a->config->defaults,
		.conf = a->config,
		.access = allow[0] ? &a->config->probe : NULL,
	};
}

static void asked_close(struct asked *a)
{
	ondemand_cancel(a->probe);
	running_close(&a->r);
	config_free(a->config);
}

/* @uri: with a %u for the peer's port. Returns what ondemand_start() does. */
static int ask(struct asked *a, const char *uri)
{
	char text[256];
	int err;

	(void)re_snprintf(text, sizeof(text), uri, sa_port(&a->r.f.address.sa));
	a->request.uri = text;
	a->reports = 0;
	a->order[0] = a->ladder[0] = '\0';
	err = ondemand_start(&a->probe, a->r.engine, &a->request, report_h, a);
	zone_answer_all(a->r.zone);
	return err;
}

static bool is_asked(void *arg)
{
	pass_ns(WHEEL_TICK_NS);
	return fixture_drain(&((struct asked *)arg)->r.f);
}

/* The peer answers the one request that reaches it; all else stays without. */
static void peer_answers(struct asked *a, const char *status)
{
	if (!loop_until(is_asked, a))
		puts("# nothing was asked");
	running_send(&a->r, status, "");
	for (int i = 0; i < 20 && !is_reported(a); i++)
		loop_turn();
}

static void wait_ms(struct asked *a, int64_t ms)
{
	pass_ms(ms);
	(void)loop_until(is_reported, a);
}

static void test_answered(void)
{
	struct asked a;

	asked_open(&a, IPV4, "", "");
	a.request.ladder = true;
	is_int(ask(&a, "sip:127.0.0.1:%u"), 0, "begun");
	is_int(a.reports, 0, "no report inside the call");
	peer_answers(&a, "200 OK");
	is_int(a.reports, 1, "one report");
	is_int(a.report.end, ONDEMAND_PROBED, "probed");
	is_int(a.report.state, HEALTH_UP, "up");
	is_str(a.order, "127.0.0.1 OPTIONS response", "by one answer");
	is_int(a.report.result.code, 200, "which the state rests on");
	is_int((long long)a.report.addresses, 1, "one address");
	is_int(a.report.resolve_ns, -1, "that needed no name");
	is_int(a.report.timeout_us, 5000000, "within the timeout of the settings");
	is_str(a.ladder, "sent received", "its ladder");
	is_str(fixture_told(&a.r.f), "trunk idle, trunk idle paused",
	       "and no listener heard of it");
	a.request.ladder = false;
	(void)ask(&a, "sip:127.0.0.1:%u");
	peer_answers(&a, "486 Busy Here");
	is_str(a.ladder, "", "no ladder unless it is asked for");
	is_int(a.report.result.code, 486, "another code");
	asked_close(&a);
}

static void test_refused_start(void)
{
	static const struct config_settings settings = {.timeout_us = 1};
	struct ondemand *probe = NULL;
	struct ondemand_request rq = {.uri = "sip:127.0.0.1", .settings = &settings};
	struct running r;
	struct asked a;

	running_open(&r, "");
	is_int(ondemand_start(&probe, r.engine, &rq, report_h, &a), ENOENT,
	       "no configuration is in force");
	running_close(&r);

	asked_open(&a, IPV4, "", "");
	is_int(ask(&a, "tel:+49"), EINVAL, "no SIP URI");
	is_int(a.reports, 0, "and no report");
	asked_close(&a);
}

/* Somebody beside the peer, on its port, who says nothing. Returns the descriptor. */
static int silent_peer(const struct asked *a, const char *host)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sa sa;

	sa_set_str(&sa, host, sa_port(&a->r.f.address.sa));
	if (bind(fd, &sa.u.sa, sizeof(sa.u.in)))
		perror("# bind");
	return fd;
}

static void test_names(void)
{
	struct asked a;
	int fd;

	asked_open(&a, IPV4, "", "isp.test 60 A 127.0.0.1\nisp.test 60 A 127.0.0.2\n");
	fd = silent_peer(&a, "127.0.0.2");
	(void)ask(&a, "sip:isp.test:%u");
	peer_answers(&a, "200 OK");
	is_int(a.reports, 0, "one address answers, the other does not");
	wait_ms(&a, 5100);
	is_int(a.reports, 1, "so the deadline ends it");
	is_str(a.order, "127.0.0.1 OPTIONS response, 127.0.0.2 OPTIONS timeout",
	       "best first");
	is_int(a.report.state, HEALTH_DEGRADED, "one of two");
	is_int(a.report.result.code, 200, "the state rests on the one that answers");
	ok(a.report.resolve_ns >= 0, "the name took its time");
	(void)close(fd);
	asked_close(&a);

	asked_open(&a, IPV4 ", \"up_when\": \"all\"", "",
		   "isp.test 60 A 127.0.0.1\nisp.test 60 A 127.0.0.2\n");
	fd = silent_peer(&a, "127.0.0.2");
	(void)ask(&a, "sip:isp.test:%u");
	peer_answers(&a, "200 OK");
	wait_ms(&a, 5100);
	(void)close(fd);
	is_int(a.report.state, HEALTH_DOWN, "with up_when all it is down");
	is_int(a.report.result.outcome, PROBE_TIMEOUT, "by the one that is silent");
	asked_close(&a);

	asked_open(&a, IPV4 ", \"up_when\": \"primary\"", "",
		   "_sip._udp.isp.test 60 SRV 10 1 9 b.test.\n"
		   "_sip._udp.isp.test 60 SRV 20 1 9 a.test.\n"
		   "a.test 60 A 127.0.0.1\nb.test 60 A 127.0.0.2\n");
	(void)ask(&a, "sip:isp.test;transport=udp");
	wait_ms(&a, 5100);
	is_int(a.report.state, HEALTH_DOWN, "both silent or refused");
	ok(strstr(a.order, "127.0.0.2") && strstr(a.order, "127.0.0.1"), "%s", a.order);
	asked_close(&a);
}

static void test_dns(void)
{
	struct asked a;

	asked_open(&a, IPV4, "", "");
	(void)ask(&a, "sip:isp.test:%u");
	(void)loop_until(is_reported, &a);
	is_int(a.report.end, ONDEMAND_FAILED, "a name that does not exist");
	is_int(a.report.state, HEALTH_DOWN, "is down");
	is_int(a.report.result.outcome, PROBE_DNS, "by DNS");
	is_str(a.report.result.detail, "isp.test A: NXDOMAIN", "in words");
	a.request.timeout_us = 2000000;
	a.request.uri = "sip:isp.test";
	a.reports = 0;
	(void)ondemand_start(&a.probe, a.r.engine, &a.request, report_h, &a);
	pass_ms(1990);
	is_int(a.reports, 0, "no answer from DNS");
	wait_ms(&a, 20);
	is_int(a.report.result.err, ETIMEDOUT, "is one at the deadline");
	is_int(a.report.timeout_us, 2000000, "of the request's own timeout");
	asked_close(&a);
}

/* What an entry of probe.allow lets through. */
static void test_access(void)
{
	static const struct {
		const char *name, *allow, *settings, *uri, *zone;
		enum ondemand_end end;
		const char *detail;
		bool dns;
	} cases[] = {
		{"a literal that is listed", "\"127.0.0.0/8\"", IPV4, "sip:127.0.0.1:%u",
		 "", ONDEMAND_PROBED, "", 0},
		{"a literal that is not", "\"192.0.2.0/24\"", IPV4, "sip:127.0.0.1:%u",
		 "", ONDEMAND_FORBIDDEN,
		 "the address 127.0.0.1 is not allowed by probe.allow", 0},
		{"a literal where names are listed", "\".test\"", IPV4,
		 "sip:127.0.0.1:%u", "", ONDEMAND_FORBIDDEN,
		 "the address 127.0.0.1 is not allowed by probe.allow", 0},
		{"a name that is not listed", "\"127.0.0.0/8\"", IPV4, "sip:isp.test:%u",
		 "isp.test 60 A 127.0.0.1\n", ONDEMAND_FORBIDDEN,
		 "the target's host name is not allowed by probe.allow", 0},
		{"a listed name that leads inside", "\"isp.test\"", IPV4,
		 "sip:isp.test:%u", "isp.test 60 A 127.0.0.1\n", ONDEMAND_FORBIDDEN,
		 "the address 127.0.0.1 is not allowed by probe.allow", 1},
		{"a listed name and a listed network", "\"isp.test\", \"127.0.0.0/8\"",
		 IPV4, "sip:isp.test:%u", "isp.test 60 A 127.0.0.1\n", ONDEMAND_PROBED,
		 "", 1},
		{"one address of two outside", "\"isp.test\", \"127.0.0.1\"", IPV4,
		 "sip:isp.test:%u", "isp.test 60 A 127.0.0.1\nisp.test 60 A 127.0.0.2\n",
		 ONDEMAND_FORBIDDEN,
		 "the address 127.0.0.2 is not allowed by probe.allow", 1},
		{"maddr is the host", "\"127.0.0.0/8\"", IPV4,
		 "sip:other.example:%u;maddr=127.0.0.1", "", ONDEMAND_PROBED, "", 0},
		{"maddr that is not listed", "\"other.example\"", IPV4,
		 "sip:other.example:%u;maddr=127.0.0.1", "", ONDEMAND_FORBIDDEN,
		 "the address 127.0.0.1 is not allowed by probe.allow", 0},
		{"IPv6 with a zone", "\"2001:db8::/32\"", "\"family\": \"any\"",
		 "sip:[fe80::1%%lo]:%u", "", ONDEMAND_FORBIDDEN,
		 "the address fe80::1 is not allowed by probe.allow", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct asked a;

		asked_open(&a, cases[i].settings, cases[i].allow, cases[i].zone);
		is_int(ask(&a, cases[i].uri), 0, cases[i].name);
		if (cases[i].end == ONDEMAND_PROBED)
			peer_answers(&a, "200 OK");
		else
			(void)loop_until(is_reported, &a);
		is_int(a.report.end, cases[i].end, "allowed or not");
		ok(!strncmp(a.report.result.detail, cases[i].detail,
			    strlen(cases[i].detail)),
		   "in words: %s", a.report.result.detail);
		is_int(a.r.zone->count > 0, cases[i].dns, "DNS was asked, or not");
		is_int(fixture_drain(&a.r.f), 0, "and nothing else sent");
		asked_close(&a);
	}
}

/* With a proxy it is the URI that counts, and the addresses are the proxy's. */
static void test_proxy(void)
{
	static const struct {
		const char *name, *allow, *uri;
		enum ondemand_end end;
		const char *detail;
	} cases[] = {
		{"a listed name", "\"isp.test\"", "sip:isp.test", ONDEMAND_PROBED, ""},
		{"another name", "\"isp.test\"", "sip:other.test", ONDEMAND_FORBIDDEN,
		 "the target's host name is not allowed by probe.allow"},
		{"a listed literal", "\"192.0.2.0/24\"", "sip:192.0.2.1", ONDEMAND_PROBED,
		 ""},
		{"another literal", "\"192.0.2.0/24\"", "sip:10.0.0.1",
		 ONDEMAND_FORBIDDEN,
		 "the address 10.0.0.1 is not allowed by probe.allow"},
		{"an IPv6 literal", "\"2001:db8::/32\"", "sip:[2001:db8::1]",
		 ONDEMAND_PROBED, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_settings settings;
		char proxy[64];
		struct asked a;

		asked_open(&a, IPV4, cases[i].allow, "");
		(void)snprintf(proxy, sizeof(proxy), "sip:127.0.0.1:%u",
			       sa_port(&a.r.f.address.sa));
		settings = *a.config->defaults;
		settings.outbound_proxy = proxy;
		a.request.settings = &settings;
		(void)ask(&a, cases[i].uri);
		if (cases[i].end == ONDEMAND_PROBED)
			peer_answers(&a, "200 OK");
		else
			(void)loop_until(is_reported, &a);
		is_int(a.report.end, cases[i].end, cases[i].name);
		is_str(a.report.result.detail, cases[i].detail, "in words");
		asked_close(&a);
	}
}

static void test_cancel(void)
{
	struct asked a;

	asked_open(&a, IPV4, "", "");
	(void)ask(&a, "sip:127.0.0.1:%u");
	ok(loop_until(is_asked, &a), "under way");
	ondemand_cancel(a.probe);
	a.probe = NULL;
	running_send(&a.r, "200 OK", "");
	for (int i = 0; i < 5; i++)
		loop_turn();
	pass_ms(10000);
	is_int(a.reports, 0, "cancelled: no report");
	is_str(fixture_told(&a.r.f), "trunk idle, trunk idle paused, unmatched",
	       "and its answer is nobody's");
	ondemand_cancel(NULL);
	asked_close(&a);
}

/* A probe that has to begin anew, as its socket went, still ends in time. */
static void test_expire(void)
{
	struct config *listens = fixture_config(
		"{\"sip\": {\"listen\": [\"udp:127.0.0.1:0\"]}, \"trunks\": [{\"name\": "
		"\"idle\", \"uri\": \"sip:127.0.0.9\", \"paused\": true}]}");
	struct asked a;

	asked_open(&a, IPV4, "", "");
	(void)ask(&a, "sip:127.0.0.1:%u");
	(void)loop_until(is_asked, &a);
	pass_ms(3000);
	(void)running_apply(&a.r, listens);
	pass_ms(1900);
	ok(fixture_drain(&a.r.f) > 3, "asked again, from the socket that came");
	running_send(&a.r, "99 Unheard Of", "");
	for (int i = 0; i < 20; i++)
		loop_turn();
	is_int(a.reports, 0, "not yet");
	pass_ms(200);
	pass_ms(1);
	is_int(a.reports, 1, "ended");
	is_str(a.order, "127.0.0.1 OPTIONS protocol",
	       "by the clock, with what the target knows");
	asked_close(&a);
	config_free(listens);
}

/* Its socket is its own until it ends, also where no trunk wants that any more. */
static void test_own_socket(void)
{
	struct config *plain = fixture_config("{\"trunks\": [{\"name\": \"idle\", "
					      "\"uri\": \"sip:127.0.0.9\", "
					      "\"paused\": true}]}");
	struct asked a;

	asked_open(&a, IPV4 ", \"local\": {\"address\": \"127.0.0.1\"}", "", "");
	(void)ask(&a, "sip:127.0.0.1:%u");
	ok(loop_until(is_asked, &a), "under way");
	is_int(running_apply(&a.r, plain), 0, "the configuration changes");
	pass_ms(600);
	is_int(fixture_drain(&a.r.f), 1, "a copy after T1");
	peer_answers(&a, "200 OK");
	is_str(a.order, "127.0.0.1 OPTIONS response", "and it is answered there");
	asked_close(&a);
	config_free(plain);
}

static void test_methods(void)
{
	char first[FIXTURE_TEXT];
	struct asked a;

	asked_open(&a, IPV4, "", "");
	a.request.methods = 1U << CONFIG_METHOD_OPTIONS | 1U << CONFIG_METHOD_REGISTER;
	(void)ask(&a, "sip:127.0.0.1:%u");
	(void)loop_until(is_asked, &a);
	pass_ms(500);
	fixture_drain(&a.r.f);
	memcpy(first, a.r.f.got, sizeof(first));
	running_send(&a.r, "200 OK", "");
	for (int i = 0; i < 20; i++)
		loop_turn();
	wait_ms(&a, 5100);
	is_int((long long)a.report.count, 2, "two checks of one address");
	is_int(a.report.state, HEALTH_DOWN, "which is as well as the worse");
	is_int(a.decisive.address_verdict, PROBE_DOWN, "on which all rests");
	ok(strstr(a.order, "OPTIONS") && strstr(a.order, "REGISTER"), "%s", a.order);
	asked_close(&a);
}

static bool is_registering(void *arg)
{
	struct asked *a = arg;

	pass_ns(WHEEL_TICK_NS);
	while (fixture_got(&a->r.f))
		if (!strncmp(a->r.f.got, "REGISTER", 8))
			return true;
	return false;
}

/* A check that has its answer is done, while another of the probe waits for its own. */
static void test_once(void)
{
	struct asked a;
	bool again = false;

	asked_open(&a, IPV4 ", \"register\": {\"interval\": \"6s\"}", "", "");
	a.request.methods = 1U << CONFIG_METHOD_OPTIONS | 1U << CONFIG_METHOD_REGISTER;
	a.request.timeout_us = 20000000;
	(void)ask(&a, "sip:127.0.0.1:%u");
	ok(loop_until(is_registering, &a), "a check of two");
	running_send(&a.r, "200 OK", "");
	for (int i = 0; i < 20; i++)
		loop_turn();
	for (int i = 0; i < 150; i++) {
		pass_ms(100);
		again |= is_registering(&a);
	}
	is_int(a.reports, 0, "the other one is silent still");
	ok(!again, "and it is not made again meanwhile, whatever register.interval is");
	asked_close(&a);
}

/* A trunk that binds is up by a 2xx to its REGISTER alone, also when it only asks. */
static void test_binds(void)
{
	static const struct {
		const char *bind, *status;
		unsigned methods;
		enum health_state want;
	} cases[] = {
		{"true", "200 OK", CONFIG_METHOD_REGISTER, HEALTH_UP},
		{"true", "403 Forbidden", CONFIG_METHOD_REGISTER, HEALTH_DOWN},
		{"true", "404 Not Found", CONFIG_METHOD_REGISTER, HEALTH_DOWN},
		{"true", "401 Unauthorized", CONFIG_METHOD_REGISTER, HEALTH_DOWN},
		{"true", "302 Moved", CONFIG_METHOD_REGISTER, HEALTH_DOWN},
		{"true", "503 Busy", CONFIG_METHOD_REGISTER, HEALTH_DOWN},
		{"true", "404 Not Found", CONFIG_METHOD_OPTIONS, HEALTH_UP},
		{"true", "503 Busy", CONFIG_METHOD_OPTIONS, HEALTH_DEGRADED},
		{"false", "404 Not Found", CONFIG_METHOD_REGISTER, HEALTH_UP},
		{"false", "503 Busy", CONFIG_METHOD_REGISTER, HEALTH_DEGRADED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char settings[128];
		struct asked a;

		(void)snprintf(settings, sizeof(settings),
			       IPV4 ", \"register\": {\"bind\": %s}", cases[i].bind);
		asked_open(&a, settings, "", "");
		a.request.methods = 1U << cases[i].methods;
		(void)ask(&a, "sip:127.0.0.1:%u");
		peer_answers(&a, cases[i].status);
		ok(!strstr(a.r.f.got, "\r\nContact:") ||
			   cases[i].methods == CONFIG_METHOD_OPTIONS,
		   "nothing is bound");
		is_int(a.report.state, cases[i].want, cases[i].status);
		asked_close(&a);
	}
}

/* More addresses than are probed are counted. */
static void test_many(void)
{
	char zone[2048];
	struct asked a;
	size_t n = 0;

	for (int i = 1; i <= 20; i++)
		n += (size_t)snprintf(zone + n, sizeof(zone) - n,
				      "isp.test 60 A 127.0.1.%d\n", i);
	asked_open(&a, IPV4, "", zone);
	(void)ask(&a, "sip:isp.test:%u");
	wait_ms(&a, 5100);
	is_int((long long)a.report.addresses, 20, "twenty addresses");
	is_int((long long)a.report.count, ONDEMAND_ADDRESSES_MAX, "sixteen probed");
	asked_close(&a);
}

/* A peer that speaks TLS. */
struct tls_peer {
	struct tls_profile *profile;
	struct stream *stream;
	int fd;
};

static void tls_up_h(struct stream *s, void *arg)
{
	(void)s, (void)arg;
}

static void tls_message_h(struct stream *s, const struct guard_message *m, int64_t rx_ns,
			  void *arg)
{
	char request[FIXTURE_TEXT], buf[FIXTURE_TEXT];
	size_t len;

	(void)rx_ns, (void)arg;
	(void)snprintf(request, sizeof(request), "%.*s", (int)m->fields.l, m->fields.p);
	len = fixture_answer(buf, request, "200 OK", "");
	(void)stream_send(s, buf, len, NULL);
}

static void tls_closed_h(struct stream *s, enum probe_outcome why, int err,
			 const char *detail, void *arg)
{
	(void)s, (void)why, (void)err, (void)detail, (void)arg;
}

static const struct stream_events tls_events = {tls_up_h, tls_message_h, tls_closed_h};

static bool is_reported_over_tls(void *arg)
{
	struct asked *a = (struct asked *)((void **)arg)[0];
	struct tls_peer *p = (struct tls_peer *)((void **)arg)[1];
	int fd;

	pass_ns(WHEEL_TICK_NS);
	if (!p->stream) {
		fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK);
		if (fd >= 0)
			(void)stream_accept(&p->stream, fd, p->profile, &tls_events, p);
	}
	return is_reported(a);
}

static void test_tls(void)
{
	struct tls_peer p = {.fd = -1};
	struct cert_file s;
	struct fixture peer = {.fd = -1};
	struct asked a;
	void *both[] = {&a, &p};
	char uri[64], err[256];

	cert_file_open(&s);
	fixture_peer(&peer, "127.0.0.1", CONFIG_TRANSPORT_TLS);
	p.fd = peer.fd;
	is_int(tls_profile_alloc(&p.profile, &s.conf, true, err, sizeof(err)), 0,
	       "a peer that speaks TLS");
	asked_open(&a, IPV4 ", \"tls\": {\"insecure_skip_verify\": true}", "", "");
	a.request.ladder = true;
	(void)snprintf(uri, sizeof(uri), "sips:127.0.0.1:%u", sa_port(&peer.address.sa));
	(void)ask(&a, uri);
	ok(loop_until(is_reported_over_tls, both), "answers");
	is_str(a.order, "127.0.0.1 OPTIONS response", "over TLS");
	is_str(a.ladder, "connect tls sent received", "step by step");
	ok(a.decisive.has_certificate, "its certificate is told");
	is_str(a.decisive.certificate.names, "us.example", "with its name");
	ok(a.decisive.chain != NULL, "and the chain");
	p.stream = mem_deref(p.stream);
	asked_close(&a);

	asked_open(&a, IPV4 ", \"tls\": {\"ca_file\": \"/dev/null\"}", "", "");
	(void)ask(&a, uri);
	(void)loop_until(is_reported, &a);
	is_int(a.report.end, ONDEMAND_FAILED, "without the files to speak TLS");
	ok(strstr(a.report.result.detail, "/dev/null") != NULL, "in words: %s",
	   a.report.result.detail);
	asked_close(&a);
	mem_deref(p.profile);
	(void)close(peer.fd);
	cert_file_remove(&s);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_answered,	 test_refused_start, test_names,  test_dns,
		test_access,	 test_proxy,	     test_cancel, test_expire,
		test_own_socket, test_methods,	     test_once,	  test_binds,
		test_many,	 test_tls,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

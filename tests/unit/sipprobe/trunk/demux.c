/* What arrives finds its way: to a target, to an answer, or to nobody. */
#include "sipprobe/target/probers.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/sipprobe/trunk/other.h"

#define UDP CONFIG_TRANSPORT_UDP

static void test_requests(void)
{
	static const struct {
		const char *method, *uri, *fields, *told, *answer;
	} cases[] = {
		{"OPTIONS", "sip:us", "", "inbound isp OPTIONS 200", "SIP/2.0 200 "},
		{"OPTIONS", "mailto:us", "", "inbound isp OPTIONS 416", "SIP/2.0 416 "},
		{"OPTIONS", "sip:us", "Require: x\r\n", "inbound isp OPTIONS 420",
		 "SIP/2.0 420 "},
		{"INVITE", "sip:us", "", "inbound isp INVITE 405", "SIP/2.0 405 "},
		{"CANCEL", "sip:us", "", "inbound isp CANCEL 481", "SIP/2.0 481 "},
		{"ACK", "sip:us", "", "inbound isp ACK 0", ""},
	};
	char buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;
	struct udp *u;
	struct sa stranger;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	u = our_socket(&f, "127.0.0.1");
	(void)fixture_told(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = request(buf, cases[i].method, cases[i].uri, cases[i].fields);

		f.got[0] = '\0';
		demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
		is_str(fixture_told(&f), cases[i].told,
		       cases[i].told ? cases[i].told : "nothing is told");
		fixture_drain(&f);
		f.got[strlen(cases[i].answer)] = '\0';
		is_str(f.got, cases[i].answer, "its answer, where it came from");
		sa_set_str(&stranger, "127.0.0.2", sa_port(&f.address.sa));
		demux_arrivals.datagram_h(u, &stranger, buf, len, 0, f.demux);
		is_str(fixture_told(&f), "stranger", "nobody's request");
		is_int(fixture_drain(&f), 0, "is not answered");
	}
	mem_deref(t);
	fixture_close(&f);
}

/* A ping that is wrong is answered with what is wrong; a stranger's is not. */
static void test_faulty(void)
{
	static const struct {
		const char *uri, *fields, *answer;
	} cases[] = {
		{"<sip:us>", "", "SIP/2.0 400 Bad Request: malformed Request-URI\r\n"},
		{"sip:us", "Call-ID: other\r\n",
		 "SIP/2.0 400 Bad Request: two Call-IDs that differ\r\n"},
		{"sip:us", "Content-Length: 9\r\n",
		 "SIP/2.0 400 Bad Request: Content-Length is not one number\r\n"},
	};
	char buf[FIXTURE_TEXT];
	struct other o;
	struct fixture f;
	struct sa stranger;
	struct udp *u;

	fixture_open(&f, UDP, CALM);
	other_open(&o, &f.group, "isp", &f.address, "");
	f.services.inbound_sensitive = 1;
	u = our_socket(&f, "127.0.0.1");
	(void)fixture_told(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = request(buf, "OPTIONS", cases[i].uri, cases[i].fields);

		f.got[0] = '\0';
		demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
		is_str(fixture_told(&f), "malformed, inbound isp OPTIONS 400", "told");
		fixture_drain(&f);
		ok(strstr(f.got, "\r\nCall-ID: peer\r\n") &&
			   strstr(f.got, "\r\nCSeq: 7 OPTIONS\r\n"),
		   "the answer finds its request");
		f.got[strlen(cases[i].answer)] = '\0';
		is_str(f.got, cases[i].answer, "and says what is wrong");
		sa_set_str(&stranger, "127.0.0.2", sa_port(&f.address.sa));
		demux_arrivals.datagram_h(u, &stranger, buf, len, 0, f.demux);
		is_str(fixture_told(&f), "malformed", "a stranger's is counted");
		is_int(fixture_drain(&f), 0, "and not answered");
	}
	is_int(o.seen, 0, "none of them is a ping that came");
	other_close(&o);
	fixture_close(&f);
}

static const char zeros[GUARD_ZEROS_MAX + 1];

static void test_keep_alives(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *told;
	} cases[] = {
		{"", 0, ""},
		{"\r\n", 2, ""},
		{"\r\n\r\n", 4, ""},
		{"\0\0\0\0", 4, ""},
		{"\0\0\0\0\0\0\0\0", 8, ""},
		{"\0\0\0\0\0\0\0\0\0\0\0\0", 12, ""},
		{"\r\n\0", 3, ""},
		{zeros, sizeof(zeros), "malformed"},
		{"jaK", 3, ""},
		{"jaK\0", 4, ""},
		{"jaK!", 4, ""},
		{"jaKx.", 5, "malformed"},
		{"\0\1\0\0\x21\x12\xa4\x42"
		 "123456789012",
		 20, ""},
		{"\x40\1\0\0\x21\x12\xa4\x42"
		 "123456789012",
		 20, "malformed"},
		{"\0\1\0\0\x21\x12\xa4\x42"
		 "12345678901",
		 19, "malformed"},
		{"\0\1\0\0\x21\x12\xa4\x43"
		 "123456789012",
		 20, "malformed"},
		{"\r\n\r\nx", 5, "malformed"},
	};
	struct fixture f;

	fixture_open(&f, UDP, CALM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_arrive(&f, cases[i].bytes, cases[i].len);
		tap_is_str(fixture_told(&f), cases[i].told, __FILE__, __LINE__,
			   cases[i].told[0] ? "no keep-alive" : "a keep-alive");
	}
	fixture_close(&f);
}

static void test_responses(void)
{
	static const struct {
		const char *name, *branch;
	} cases[] = {
		{"no branch of ours", "z9hG4bKother"},
		{"a number that nobody has", "z9hG4bK00000fff0123456789abcdef"},
		{"a number of ours, another secret", "z9hG4bK000000000123456789abcdef"},
	};
	char buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	(void)fixture_told(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int n = snprintf(buf, sizeof(buf),
				 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP "
				 "127.0.0.1;branch=%s\r\nFrom: <sip:a@b>;tag=1\r\n"
				 "To: <sip:a@b>;tag=2\r\nCall-ID: x\r\n"
				 "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
				 cases[i].branch);

		fixture_arrive(&f, buf, (size_t)n);
		is_str(fixture_told(&f), "unmatched", cases[i].name);
	}
	mem_deref(t);
	fixture_close(&f);
}

/* Line ends before a message are no part of it; it is no longer for them. */
static void test_line_ends(void)
{
	char text[4 + FIXTURE_TEXT] = "\r\n\r\n";
	struct fixture f;
	struct target *t;
	size_t len;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	len = 4 + fixture_answer(text + 4, f.got, "200 OK", "");
	text[len - 5] = '4';
	fixture_arrive(&f, text, len);
	is_str(fixture_told(&f), "malformed", "a body of four bytes that did not come");
	text[len - 5] = '0';
	fixture_arrive(&f, text, len);
	is_str(fixture_told(&f), "response 200 up", "an answer");
	mem_deref(t);
	fixture_close(&f);
}

/* The way of what comes back with an ICMP error. */
static void test_icmp(void)
{
	static const struct {
		const char *name;
		bool whole, ours, cut, elsewhere;
		const char *told;
	} cases[] = {
		{"all of the request", 1, 1, 0, 0, "unreachable down"},
		{"all of it, from anywhere", 1, 1, 0, 1, "unreachable down"},
		{"another request of its number", 1, 0, 0, 0, ""},
		{"cut before the end of the branch", 1, 1, 1, 0, "unreachable down"},
		{"cut, to nobody's address", 1, 1, 1, 1, ""},
		{"nothing but the address", 0, 0, 0, 0, "unreachable down"},
		{"nothing, of nobody's address", 0, 0, 0, 1, ""},
	};
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sa dst = f.address.sa;
		char *branch;
		size_t len = 0;

		fixture_probe(t);
		fixture_drain(&f);
		(void)fixture_told(&f);
		branch = strstr(f.got, ";branch=");
		if (!cases[i].ours)
			branch[8 + REQUEST_BRANCH_LEN - 1] ^= 1;
		if (cases[i].whole)
			len = cases[i].cut ? (size_t)(branch - f.got) + 20
					   : strlen(f.got);
		if (cases[i].elsewhere)
			sa_set_port(&dst, sa_port(&dst) == 9 ? 8 : 9);
		demux_arrivals.icmp_h(&dst, EHOSTUNREACH, f.got, len, f.demux);
		is_str(fixture_told(&f), cases[i].told, cases[i].name);
	}
	mem_deref(t);
	fixture_close(&f);
}

/* A branch is looked for to the byte: by its name, and as far as there is any. */
static void test_icmp_branch(void)
{
	static const char prefix[] = "OPTIONS sip:a;branchy=1;branches=2 SIP/2.0\r\n";
	char text[FIXTURE_TEXT + sizeof(prefix)];
	struct fixture f;
	struct target *t;
	struct sa dst;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	dst = f.address.sa;
	sa_set_port(&dst, sa_port(&dst) == 9 ? 8 : 9);
	for (int missing = 0; missing < 2; missing++) {
		size_t len;

		fixture_probe(t);
		fixture_drain(&f);
		(void)fixture_told(&f);
		snprintf(text, sizeof(text), "%s%s", prefix, f.got);
		len = (size_t)(strstr(text, ";branch=z9") - text) + 8 +
		      REQUEST_BRANCH_LEN;
		demux_arrivals.icmp_h(&dst, EHOSTUNREACH, text, len - (size_t)missing,
				      f.demux);
		is_str(fixture_told(&f), missing ? "" : "unreachable down",
		       missing ? "a byte of it is missing" : "it is there, and no more");
	}
	mem_deref(t);
	fixture_close(&f);
}

/* Peers of probes on demand: garbage and ICMP find their target, requests nobody. */
static void test_ondemand(void)
{
	char buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;
	size_t len;

	fixture_open(&f, UDP, CALM);
	f.group.peers = f.peers.ondemand;
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	len = request(buf, "OPTIONS", "sip:us", "");
	demux_arrivals.datagram_h(our_socket(&f, "127.0.0.1"), &f.address.sa, buf, len, 0,
				  f.demux);
	is_str(fixture_told(&f), "stranger", "who is probed on demand is no trunk");
	is_int(fixture_drain(&f), 0, "and gets no answer");
	ok(!demux_arrivals.known_h(&f.address.sa, f.demux), "nor a connection");

	fixture_probe(t);
	(void)fixture_told(&f);
	demux_arrivals.icmp_h(&f.address.sa, ECONNREFUSED, "", 0, f.demux);
	is_str(fixture_told(&f), "refused down", "ICMP finds its target");
	fixture_probe(t);
	fixture_arrive(&f, "rubbish", 7);
	(void)fixture_told(&f);
	pass_ms(10000);
	is_str(fixture_told(&f), "protocol down", "and garbage, too");
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "and the answer");
	mem_deref(t);
	fixture_close(&f);
}

static void test_accept(void)
{
	struct fixture f;
	struct target *t;
	struct sa sa;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	sa_set_str(&sa, "127.0.0.1", 40000);
	ok(demux_arrivals.known_h(&sa, f.demux), "a peer may connect from any port");
	sa_set_str(&sa, "127.0.0.2", 5060);
	ok(!demux_arrivals.known_h(&sa, f.demux), "a stranger may not");
	is_str(fixture_told(&f), "", "which whoever refuses it counts");
	mem_deref(t);
	fixture_close(&f);
}

static void fixture_refused_h(int why, const char *peer, uint64_t count, void *arg)
{
	fixture_tell(arg, "refused %s %.*s %u", engine_stray_name((enum engine_stray)why),
		     (int)strcspn(peer, ":"), peer, (unsigned)count);
}

/* A peer gets so many answers a second; what is refused is told now and then. */
static void test_rate(void)
{
	char buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;
	struct udp *u;
	size_t len = request(buf, "OPTIONS", "sip:us", "");

	fixture_open(&f, UDP, CALM ", \"paused\": true");
	f.events.refused_h = fixture_refused_h;
	f.services.answers_max = 2;
	t = fixture_target(&f, &prober_options);
	u = our_socket(&f, "127.0.0.1");
	(void)fixture_told(&f);
	for (int i = 0; i < 2 * ENGINE_ANSWERS_BURST_S; i++)
		demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_int(fixture_drain(&f), 10, "those of five seconds at once");
	(void)fixture_told(&f);
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_str(fixture_told(&f), "rate, refused rate 127.0.0.1 1, inbound isp OPTIONS 0",
	       "one more is not answered, and told");
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_str(fixture_told(&f), "rate, inbound isp OPTIONS 0", "the next is counted");
	is_int(fixture_drain(&f), 0, "no answer");
	for (int second = 0; second < 60; second++) {
		pass_ms(1000);
		for (int i = 0; i < 2; i++)
			demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	}
	is_int(fixture_drain(&f), 120, "two a second");
	ok(!strstr(fixture_told(&f), "rate"), "all of them");
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_str(fixture_told(&f), "rate, refused rate 127.0.0.1 2, inbound isp OPTIONS 0",
	       "a minute later: how many there were");
	mem_deref(t);
	fixture_close(&f);
}

/* Our 200 says where we can be reached, where that is set. */
static void test_contact(void)
{
	static const struct {
		const char *settings, *want;
	} cases[] = {
		{CALM, ""},
		{CALM ", \"contact\": \"sip:sbc1.example:5061;transport=tls\"",
		 "<sip:sbc1.example:5061;transport=tls>"},
		{CALM ", \"contact\": \"sip:us@{host}\"", "<sip:us@127.0.0.1>"},
	};
	char buf[FIXTURE_TEXT];
	size_t len = request(buf, "OPTIONS", "sip:us", "");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, cases[i].settings);
		t = fixture_target(&f, &prober_options);
		demux_arrivals.datagram_h(our_socket(&f, "127.0.0.1"), &f.address.sa, buf,
					  len, 0, f.demux);
		fixture_drain(&f);
		is_str(fixture_field(&f, "Contact"), cases[i].want, "Contact");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* At a socket of all addresses we are where the peer sees us. */
static void test_contact_of_any(void)
{
	struct config *listens =
		fixture_config("{\"sip\": {\"listen\": [\"udp:0.0.0.0:0\"]}, "
			       "\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a\"}]}");
	char buf[FIXTURE_TEXT], err[128], want[64];
	struct udp *u = NULL;
	struct fixture f;
	struct target *t;
	struct sa local;

	fixture_open(&f, UDP, CALM ", \"contact\": \"sip:us@{local}\"");
	(void)sockets_prepare(f.services.sockets, &listens->sip, f.group.tls, err,
			      sizeof(err));
	(void)sockets_commit(f.services.sockets);
	(void)sockets_udp_for(f.services.sockets, &u, &local, &f.address.sa,
			      &(struct config_local){0});
	ok(sa_is_any(udp_local(u)), "a socket of all addresses");
	t = fixture_target(&f, &prober_options);
	demux_arrivals.datagram_h(u, &f.address.sa, buf,
				  request(buf, "OPTIONS", "sip:us", ""), 0, f.demux);
	fixture_drain(&f);
	(void)snprintf(want, sizeof(want), "<sip:us@127.0.0.1:%u>",
		       sa_port(udp_local(u)));
	is_str(fixture_field(&f, "Contact"), want, "our address towards it, and port");
	mem_deref(t);
	fixture_close(&f);
	config_free(listens);
}

/* It keeps the sets of addresses for as long as it lives. */
static void test_alloc(void)
{
	struct demux *d = NULL;
	struct fixture f;

	fixture_open(&f, UDP, CALM);
	mem_deref(f.demux);
	f.demux = NULL;
	is_int(mem_nrefs(f.peers.scheduled) * 10 + mem_nrefs(f.peers.ondemand), 11,
	       "the sets are nobody else's once the fixture's is gone");
	is_int(demux_alloc(&d, &f.services, &f.peers, &f.events, &f), 0, "another");
	is_int(mem_nrefs(f.peers.scheduled) * 10 + mem_nrefs(f.peers.ondemand), 22,
	       "keeps them");
	mem_deref(d);
	is_int(mem_nrefs(f.peers.scheduled) * 10 + mem_nrefs(f.peers.ondemand), 11,
	       "and gives them back");
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_requests,	test_faulty, test_keep_alives, test_responses,
		test_line_ends, test_icmp,   test_icmp_branch, test_ondemand,
		test_accept,	test_rate,   test_contact,     test_contact_of_any,
		test_alloc,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

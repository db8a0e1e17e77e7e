/* A target over UDP: the client transaction of RFC 3261 17.1.2, and all that ends it. */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP CONFIG_TRANSPORT_UDP
/* No probe but those that a test begins. */
#define CALM ", \"interval\": \"2h\""
#define LONG CALM ", \"timeout\": \"32s\""

/* When the peer got something, in milliseconds: "0 500 1500". */
static const char *arrivals(struct fixture *f, int64_t begun_ns, int64_t until_ms)
{
	static char text[FIXTURE_TEXT];
	char first[FIXTURE_TEXT] = "";
	size_t n = 0;

	text[0] = '\0';
	for (;;) {
		int64_t at_ms = (virtual_now_ns - begun_ns) / CLOCK_NS_PER_MS;

		while (fixture_got(f)) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%lld",
					      n ? " " : "", (long long)at_ms);
			if (!first[0])
				memcpy(first, f->got, sizeof(first));
			else if (strcmp(first, f->got))
				n += (size_t)snprintf(text + n, sizeof(text) - n, "!");
		}
		if (at_ms >= until_ms)
			return text;
		pass_ms(50);
	}
}

static void test_retransmission(void)
{
	static const struct {
		const char *name, *settings, *sent, *told;
		unsigned retransmissions;
	} cases[] = {
		{"T1 doubles up to T2", LONG,
		 "0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500",
		 "begin, timeout down", 10},
		{"T1 as it is set", ", \"timeout\": \"2s\", \"t1\": \"100ms\"",
		 "0 100 300 700 1500", "begin, timeout down", 4},
		{"a deadline before T1", ", \"timeout\": \"400ms\"", "0",
		 "begin, timeout down", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, cases[i].settings);
		t = fixture_target(&f, &prober_options);
		is_str(fixture_told(&f), "add OPTIONS udp", cases[i].name);
		fixture_probe(t);
		is_str(arrivals(&f, virtual_now_ns, i ? 2000 : 32000), cases[i].sent,
		       "the same bytes again, at its times");
		is_str(fixture_told(&f), cases[i].told, "one result");
		is_int(f.last.retransmissions, cases[i].retransmissions,
		       "retransmissions are counted");
		is_int(f.last.err, ETIMEDOUT, "with an errno value");
		mem_deref(t);
		is_str(fixture_told(&f), "remove", "and gone");
		fixture_close(&f);
	}
}

/* 17.1.2.2: once proceeding, every T2. */
static void test_proceeding(void)
{
	struct fixture f;
	struct target *t;
	int64_t begun_ns;

	fixture_open(&f, UDP, LONG);
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	begun_ns = virtual_now_ns;
	is_str(arrivals(&f, begun_ns, 1000), "0 500", "trying");
	fixture_reply(&f, "100 Trying", "");
	is_str(arrivals(&f, begun_ns, 14000), "5000 9000 13000", "proceeding");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "begin, response 200 up", "and answered");
	is_str(arrivals(&f, begun_ns, 40000), "", "completed");
	is_int(f.last.retransmissions, 4, "four retransmissions");
	is_int(f.last.phase_ns[PROBE_PHASE_ANSWER] / CLOCK_NS_PER_MS, 14000,
	       "counted from the first sending");
	mem_deref(t);
	fixture_close(&f);
}

static void test_answers(void)
{
	static const struct {
		const char *status, *told, *phrase;
	} cases[] = {
		{"200 OK", "begin, response 200 up", "OK"},
		{"404 Not Found", "begin, response 404 down", "Not Found"},
		{"503 Busy\t\xc3\xa4", "begin, response 503 down", "Busy???"},
		{"486 0123456789012345678901234567890123456789012345678901",
		 "begin, response 486 degraded",
		 "01234567890123456789012345678901234567890123456"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP,
			     CALM ", \"up_codes\": [200], \"degraded_codes\": [486]");
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		fixture_probe(t);
		fixture_drain(&f);
		pass_ms(20);
		fixture_reply(&f, cases[i].status, "");
		is_str(fixture_told(&f), cases[i].told, cases[i].status);
		is_str(f.last.phrase, cases[i].phrase, "the phrase, fit for people");
		is_int(f.last.phase_ns[PROBE_PHASE_ANSWER], 20 * CLOCK_NS_PER_MS,
		       "its time");
		is_int(f.owner_results, i == 0 || i == 3,
		       "its owner is told if its state is another: a first failure "
		       "is not down yet");
		is_int(f.owner_changed, i == 0 || i == 3, "and why");
		ok(!strncmp(f.last.call_id, fixture_field(&f, "Call-ID"),
			    REQUEST_CALL_ID_LEN),
		   "the Call-ID to look for elsewhere");
		mem_deref(t);
		fixture_close(&f);
	}
}

static void test_late(void)
{
	char first[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"timeout\": \"1s\"");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	memcpy(first, f.got, sizeof(first));
	pass_ms(1000);
	(void)fixture_told(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "late", "an answer after the deadline");

	fixture_probe(t);
	(void)fixture_told(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "late", "and after the next request went out");
	ok(t->pending, "which it does not answer");
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "that is answered by its own");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "", "whose duplicate is nobody's business");

	fixture_probe(t);
	(void)fixture_told(&f);
	memcpy(f.got, first, sizeof(first));
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "unmatched", "an answer to the last but one");
	mem_deref(t);
	fixture_close(&f);
}

/* The loop stands still: time goes by, and nothing happens. */
static void stand_still_ms(int64_t ms)
{
	virtual_now_ns += ms * CLOCK_NS_PER_MS;
}

/* By the time at which the kernel received it, whenever it is read. */
static void test_stamps(void)
{
	static const struct {
		int64_t rx_ms, read_ms;
		const char *told;
		int64_t took_ms; /* -1: no answer */
	} cases[] = {
		{300, 2500, "begin, response 200 up", 300},
		{1000, 2500, "begin, response 200 up", 1000},
		{1001, 2500, "begin, timeout down, late", -1},
		{1001, 1001, "begin, timeout down, late", -1},
		{-20, 300, "begin, response 200 up", 0},
		/* By a clock that was set: it is here now. */
		{-200, 300, "begin, response 200 up", 300},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buf[FIXTURE_TEXT];
		struct fixture f;
		struct target *t;
		int64_t begun_ns;
		size_t len;

		fixture_open(&f, UDP, CALM ", \"timeout\": \"1s\"");
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		fixture_probe(t);
		begun_ns = virtual_now_ns;
		fixture_drain(&f);
		len = fixture_answer(buf, f.got, "200 OK", "");
		stand_still_ms(cases[i].read_ms);
		demux_arrivals.datagram_h(NULL, &f.address.sa, buf, len,
					  begun_ns + cases[i].rx_ms * CLOCK_NS_PER_MS,
					  f.demux);
		is_str(fixture_told(&f), cases[i].told, "as it was stamped");
		if (cases[i].took_ms >= 0)
			is_int(f.last.phase_ns[PROBE_PHASE_ANSWER] / CLOCK_NS_PER_MS,
			       cases[i].took_ms, "and so long it took");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* Retransmissions stood still too: silence says nothing, so the peer is asked again. */
static void test_held_up(void)
{
	char first[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"timeout\": \"1s\"");
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	fixture_drain(&f);
	memcpy(first, f.got, sizeof(first));
	stand_still_ms(2500);
	pass_ms(10);
	is_str(fixture_told(&f), "begin", "no failure");
	is_int(fixture_drain(&f), 1, "and no burst: one more request");
	ok(strcmp(f.got, first), "another one: what answers the first is late");
	pass_ms(20);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "answered");
	is_int(f.last.phase_ns[PROBE_PHASE_ANSWER] / CLOCK_NS_PER_MS, 30,
	       "as long as that took");
	pass_ms(20000);
	is_str(fixture_settled(&f), "2 1 1", "the first is lost, as far as we can tell");

	fixture_probe(t);
	(void)fixture_told(&f);
	pass_ms(600);
	stand_still_ms(1900);
	pass_ms(10);
	stand_still_ms(2500);
	pass_ms(10);
	is_str(fixture_told(&f), "timeout down", "once a probe");
	is_int(f.last.retransmissions, 1, "with all that was sent again");

	fixture_probe(t);
	(void)fixture_told(&f);
	fixture_drain(&f);
	stand_still_ms(950);
	pass_ms(10);
	is_int(fixture_drain(&f), 1, "a retransmission was held up");
	pass_ms(400);
	is_str(fixture_told(&f), "", "and the deadline with it");
	pass_ms(100);
	is_str(fixture_told(&f), "timeout down", "by as much");

	fixture_probe(t);
	(void)fixture_told(&f);
	pass_ms(990);
	stand_still_ms(100);
	pass_ms(1);
	is_str(fixture_told(&f), "timeout down", "a little late is late");
	mem_deref(t);
	fixture_close(&f);
}

/* A new way out makes the request anew: the last one's late answer is still known. */
static void test_late_after_rebind(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"timeout\": \"1s\"");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(1000);
	target_rebind(t);
	(void)fixture_told(&f);
	fixture_probe(t);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "begin, late", "late, after a rebind");
	mem_deref(t);
	fixture_close(&f);
}

static void test_sources(void)
{
	static const struct {
		const char *name, *address;
		int port; /* plus the peer's */
		const char *told;
	} cases[] = {
		{"another address", "127.0.0.2", 0, "other address"},
		{"another port", "127.0.0.1", 1, "other port"},
		{"another family", "::1", 0, "other address"},
		{"the peer's own", "127.0.0.1", 0, "response 200 up"},
	};
	char buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;
	struct sa sa;
	size_t len;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	len = fixture_answer(buf, f.got, "200 OK", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sa_set_str(&sa, cases[i].address,
			   (uint16_t)(sa_port(&f.address.sa) + cases[i].port));
		demux_arrivals.datagram_h(NULL, &sa, buf, len, virtual_now_ns, f.demux);
		is_str(fixture_told(&f), cases[i].told, cases[i].name);
	}
	mem_deref(t);
	fixture_close(&f);
}

/* An answer of the peer's that came to @u from its next port. */
static void answer_elsewhere(struct fixture *f, struct udp *u, const char *status)
{
	char buf[FIXTURE_TEXT];
	size_t len = fixture_answer(buf, f->got, status, "");
	struct sa sa = f->address.sa;

	sa_set_port(&sa, sa_port(&sa) == 65535 ? 65534 : sa_port(&sa) + 1);
	demux_arrivals.datagram_h(u, &sa, buf, len, virtual_now_ns, f->demux);
}

/* What came from elsewhere is the reason only where nothing else came. */
static void test_elsewhere(void)
{
	static const struct {
		const char *name;
		const char *first; /* from where it should, before */
		bool forged;
		const char *told;
		const char *ladder;
	} cases[] = {
		{"nothing else", NULL, false, "other port, other port, elsewhere down",
		 "sent@0 elsewhere@0 retransmitted@500 deadline@1000"},
		{"a provisional one", "100 Trying", false,
		 "other port, other port, timeout down",
		 "sent@0 received@0 elsewhere@0 deadline@1000"},
		{"garbage", "200 O\x01K", false,
		 "malformed, other port, other port, protocol down",
		 "sent@0 refused@0 elsewhere@0 retransmitted@500 deadline@1000"},
		{"another's branch", NULL, true, "unmatched, unmatched, timeout down",
		 "sent@0 retransmitted@500 deadline@1000"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, CALM ", \"timeout\": \"1s\"");
		f.ladder_wanted = true;
		t = fixture_target(&f, &prober_options);
		fixture_probe(t);
		fixture_drain(&f);
		(void)fixture_told(&f);
		if (cases[i].first)
			fixture_reply(&f, cases[i].first, "");
		if (cases[i].forged)
			strstr(f.got, ";branch=")[8 + REQUEST_BRANCH_LEN - 1] ^= 1;
		answer_elsewhere(&f, t->udp, "200 OK");
		answer_elsewhere(&f, t->udp, "200 OK");
		pass_ms(1000);
		is_str(fixture_told(&f), cases[i].told, cases[i].name);
		is_str(f.ladder, cases[i].ladder, "its ladder");
		if (f.last.outcome == PROBE_ELSEWHERE)
			ok(!strncmp(f.last.detail, "200 from 127.0.0.1:", 19) &&
				   strstr(f.last.detail, "(asked port "),
			   "from where: %s", f.last.detail);
		fixture_probe(t);
		(void)fixture_told(&f);
		pass_ms(1000);
		is_str(fixture_told(&f), "timeout down",
		       "and of the next nothing is left");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* Where it may come from anywhere, it must still come to where we asked from. */
static void test_anywhere(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"answers_from\": \"anywhere\"");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	answer_elsewhere(&f, NULL, "200 OK");
	is_str(fixture_told(&f), "other port", "another socket of ours");
	answer_elsewhere(&f, t->udp, "100 Trying");
	answer_elsewhere(&f, t->udp, "200 OK");
	is_str(fixture_told(&f), "response 200 up", "the socket we asked from");
	answer_elsewhere(&f, t->udp, "200 OK");
	is_str(fixture_told(&f), "", "a duplicate is none");
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	strstr(f.got, ";branch=")[8 + REQUEST_BRANCH_LEN - 1] ^= 1;
	answer_elsewhere(&f, t->udp, "200 OK");
	is_str(fixture_told(&f), "unmatched", "a forged one is nobody's");
	mem_deref(t);
	fixture_close(&f);
}

/* What is odd in an answer is noted, and no verdict; what is another's says so. */
static void test_oddities(void)
{
	struct fixture f;
	struct target *t;
	char *at;

	fixture_open(&f, UDP, CALM ", \"timeout\": \"1s\"");
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_reply(&f, "200 OK", "Box 1 (Oslo)\r\n");
	is_str(fixture_told(&f), "response 200 up", "a line that is no field");
	is_str(f.ladder, "sent@0 received@0 oddity@0", "is noted");

	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	at = strstr(f.got, "Call-ID: ") + 9;
	*at = *at == '0' ? '1' : '0';
	fixture_reply(&f, "200 OK", "");
	pass_ms(1000);
	is_str(fixture_told(&f), "unmatched, timeout down", "another Call-ID");
	is_str(f.last.detail, "an answer came with another Call-ID", "is said");
	is_str(f.ladder, "sent@0 received@0 oddity@0 retransmitted@500 deadline@1000",
	       "and noted");

	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_reply(&f, "200 O\x01K", "");
	pass_ms(1000);
	is_str(fixture_told(&f), "malformed, protocol down", "a bad status line");
	is_str(f.last.detail, "control byte in the status line", "is said");
	is_int(f.last.err, EBADMSG, "to be SIP all the same");
	mem_deref(t);
	fixture_close(&f);
}

static void test_icmp(void)
{
	static const struct {
		int err;
		const char *told;
	} cases[] = {
		{ECONNREFUSED, "refused down"},	   {EHOSTUNREACH, "unreachable down"},
		{ENETUNREACH, "unreachable down"}, {EACCES, "unreachable down"},
		{ECONNRESET, "connect down"},	   {EIO, "internal down"},
		{ENOPROTOOPT, "unreachable down"}, {EPROTO, "unreachable down"},
		{EHOSTDOWN, "unreachable down"},
	};
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	target_icmp(t, ECONNREFUSED);
	is_str(fixture_told(&f), "add OPTIONS udp", "nothing was sent yet");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_probe(t);
		(void)fixture_told(&f);
		target_icmp(t, cases[i].err);
		is_str(fixture_told(&f), cases[i].told, strerror(cases[i].err));
		is_int(f.last.err, cases[i].err, "the errno value is kept");
		target_icmp(t, cases[i].err);
		is_str(fixture_told(&f), "", "no second result");
	}
	mem_deref(t);
	fixture_close(&f);
}

static void test_garbage(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"timeout\": \"1s\"");
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_arrive(&f, "HTTP/1.1 200 OK\r\n\r\n", 19);
	fixture_arrive(&f, "HTTP/1.1 200 OK\r\n\r\n", 19);
	is_str(fixture_told(&f), "malformed, malformed", "counted");
	pass_ms(1000);
	is_str(fixture_told(&f), "protocol down", "a peer that speaks something else");
	is_str(f.last.detail, "what came back is not SIP", "in words");
	is_str(f.ladder, "sent@0 garbage@0 retransmitted@500 deadline@1000",
	       "noted once");

	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_arrive(&f, "HTTP/1.1 200 OK\r\n\r\n", 19);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "malformed, response 200 up", "an answer counts more");
	fixture_probe(t);
	(void)fixture_told(&f);
	pass_ms(1000);
	is_str(fixture_told(&f), "timeout down", "and garbage is one probe's");
	mem_deref(t);
	fixture_close(&f);
}

/* A failure that our own machine has, before anything went out. */
static void test_no_way_out(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"local\": {\"address\": \"192.0.2.1\"}");
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	is_str(fixture_told(&f), "begin, internal down", "an address that is not ours");
	is_int(f.last.err, EADDRNOTAVAIL, "as bind() says");
	is_str(f.ladder, "closed@0", "nothing was sent");
	is_int(f.last.phase_ns[PROBE_PHASE_ANSWER], -1, "nothing answered");
	mem_deref(t);
	fixture_close(&f);
}

static void test_paused(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"paused\": true");
	t = fixture_target(&f, &prober_options);
	pass_ms(5 * 3600 * 1000);
	is_int(fixture_drain(&f), 0, "a paused target asks nothing");
	is_str(fixture_told(&f), "", "and is in no series");
	is_int((long long)registry_count(f.services.registry), 1, "it has a number");
	ok(peers_find(f.peers.scheduled, &f.address.sa, UDP) == t,
	   "and its peer is known");
	mem_deref(t);
	is_str(fixture_told(&f), "", "nothing to take out of sight");
	ok(!peers_find(f.peers.scheduled, &f.address.sa, UDP), "its peer is a stranger");
	is_int((long long)registry_count(f.services.registry), 0, "its number is free");
	fixture_close(&f);
}

static void test_rebind(void)
{
	char first[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	/* Not by chance at once. */
	target_probe_at(t, virtual_now_ns + CLOCK_NS_PER_S);
	target_rebind(t);
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 0, "nothing under way: nothing to ask again");
	fixture_probe(t);
	fixture_drain(&f);
	memcpy(first, f.got, sizeof(first));
	(void)fixture_told(&f);
	pass_ms(100);
	target_rebind(t);
	pass_ns(WHEEL_TICK_NS);
	is_str(fixture_told(&f), "", "what was under way is the same probe still");
	is_int(fixture_drain(&f), 1, "asked again at once");
	ok(strcmp(first, f.got) != 0, "with another request");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "that is answered");
	mem_deref(t);
	fixture_close(&f);
}

/* What comes to a socket that stays open, before it is asked again: there is none yet. */
static void test_rebind_heard(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"timeout\": \"9s\"");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(100);
	target_rebind(t);
	target_icmp(t, EMSGSIZE);
	fixture_reply(&f, "100 Trying", "");
	is_int(fixture_drain(&f), 0, "nothing to send from");
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "it is asked again all the same");
	pass_ms(500);
	is_int(fixture_drain(&f), 1, "and once more after T1, for nobody heard that");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "add OPTIONS udp, begin, response 200 up",
	       "one probe, answered");
	mem_deref(t);
	fixture_close(&f);
}

static void test_ladder(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"timeout\": \"2s\"");
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(100);
	fixture_reply(&f, "100 Trying", "");
	pass_ms(100);
	fixture_reply(&f, "200 OK", "");
	is_str(f.ladder, "sent@0 received@100 received@200", "answered");

	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(2000);
	is_str(f.ladder, "sent@0 retransmitted@500 retransmitted@1500 deadline@2000",
	       "silence");

	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(10);
	target_icmp(t, ECONNREFUSED);
	is_str(f.ladder, "sent@0 icmp@10", "ICMP");

	fixture_probe(t);
	fixture_drain(&f);
	for (int i = 0; i < 9; i++)
		fixture_reply(&f, "183 Session Progress", "");
	pass_ms(1);
	fixture_reply(&f, "200 OK", "");
	is_str(f.ladder,
	       "sent@0 received@0 received@0 received@0 received@0 received@0 "
	       "received@0 received@0 received@1 2 dropped",
	       "more than there is room for");

	f.ladder_wanted = false;
	f.ladder[0] = '\0';
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "100 Trying", "");
	fixture_reply(&f, "200 OK", "");
	is_str(f.ladder, "", "none where nobody wants it");
	ok(!t->attempt, "and nothing is kept for it");
	mem_deref(t);
	fixture_close(&f);
}

/* What an attempt leaves is the next one's, of whichever target, and as new. */
static void test_spares(void)
{
	enum { MANY = 2000 }; /* more than are kept */
	static struct target t[MANY];
	const struct attempt *last;
	bool new = true;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			t[i].more = &target_more_none;
			new = !attempt_begin(&t[i], false) && !t[i].attempt->copies &&new;
			t[i].attempt->copies = 7;
		}
		for (int i = 0; i < MANY; i++)
			attempt_end(&t[i]);
	}
	ok(new, "each begins as new");
	(void)attempt_begin(&t[0], false);
	last = t[0].attempt;
	attempt_end(&t[0]);
	(void)attempt_begin(&t[1], false);
	ok(SANITIZED || t[1].attempt == last, "where the last one was");
	attempt_end(&t[1]);
}

static void test_small_things(void)
{
	struct resolve_address moved;
	struct fixture f;
	struct target *t;
	struct pl branch;
	struct sa local;

	fixture_open(&f, UDP,
		     CALM ", \"dscp\": 46, \"local\": {\"address\": \"127.0.0.1\"}");
	if (target_alloc(&t, &f.group, &f.owner, &prober_options, &f.address,
			 7 * CLOCK_NS_PER_MS))
		return;
	pl_set_str(&branch, "z9hG4bK0123456789abcdef01234567");
	ok(!target_owns_branch(t, &branch), "no branch before the first request");
	moved = f.address;
	moved.priority = 20;
	moved.weight = 5;
	target_reprioritize(t, &moved, 9 * CLOCK_NS_PER_MS);
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_int(f.last.priority, 20, "the priority that DNS gives now");
	is_int(f.last.weight, 5, "and the weight");
	is_int(f.last.phase_ns[PROBE_PHASE_RESOLVE], 9 * CLOCK_NS_PER_MS,
	       "the lookup is part of the next probe");
	branch.p = strstr(f.got, "z9hG4bK");
	branch.l = REQUEST_BRANCH_LEN;
	ok(target_owns_branch(t, &branch), "its branch");
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_int(f.last.phase_ns[PROBE_PHASE_RESOLVE], 0, "and of no other");
	is_int(target_dscp(t), 46, "the DSCP of what is sent");
	sa_set_str(&local, "127.0.0.1", 5060);
	is_int(target_fits_local(t, &local), 2, "our end is the one it sends from");
	sa_set_str(&local, "127.0.0.2", 5060);
	is_int(target_fits_local(t, &local), 0, "and this is another");
	ok(target_owner(t) == &f.owner && target_prober(t) == &prober_options &&
		   target_state(t) == HEALTH_UP &&
		   target_local(t) == &fixture_trunk(&f)->settings->local,
	   "what it was made of");
	target_move(t);
	ok(target_settings(t) == fixture_trunk(&f)->settings, "moved");
	mem_deref(t);
	fixture_close(&f);
}

/* Answers all that comes in so much time. Returns how many requests that were. */
static unsigned answer_for(struct fixture *f, int64_t ms)
{
	unsigned requests = 0;

	for (; ms > 0; ms -= 50) {
		pass_ms(50);
		if (!fixture_drain(f))
			continue;
		fixture_reply(f, "200 OK", "");
		requests++;
	}
	return requests;
}

/* The first probe, and those after it, come by themselves. */
static void test_schedule(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, ", \"interval\": \"10s\"");
	t = fixture_target(&f, &prober_options);
	is_int(answer_for(&f, 1050), 1, "the first probe comes within a second");
	(void)answer_for(&f, 15000); /* from here on it is on its grid */
	is_int(answer_for(&f, 100000), 10, "then one each interval");
	mem_deref(t);
	fixture_close(&f);
}

static bool refused;

static bool refuses_h(struct target *t)
{
	(void)t;
	return refused;
}

/* A prober may put a probe that is due off: nothing is sent and nothing told. */
static void test_refuses(void)
{
	struct prober prober = prober_options;
	struct fixture f;
	struct target *t;

	prober.refuses = refuses_h;
	refused = true;
	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober);
	(void)fixture_told(&f);
	fixture_probe(t);
	is_int(fixture_drain(&f), 0, "refused: nothing is sent");
	is_str(fixture_told(&f), "", "nor told");
	refused = false;
	fixture_probe(t);
	is_int(fixture_drain(&f), 1, "it may: one request");
	mem_deref(t);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_retransmission,
		test_proceeding,
		test_answers,
		test_late,
		test_stamps,
		test_held_up,
		test_late_after_rebind,
		test_elsewhere,
		test_anywhere,
		test_oddities,
		test_sources,
		test_icmp,
		test_garbage,
		test_no_way_out,
		test_paused,
		test_rebind,
		test_rebind_heard,
		test_ladder,
		test_refuses,
		test_spares,
		test_small_things,
		test_schedule,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

/* What a ladder says of each step besides its kind: words, sizes, messages as they were.
 */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP	  CONFIG_TRANSPORT_UDP
#define CALM	  ", \"interval\": \"2h\", \"timeout\": \"2s\""
#define AUTH	  CALM ", \"auth\": {\"username\": \"bob\", \"password\": \"zanzibar\"}"
#define CHALLENGE "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\"\r\n"

static struct target *open_wanted(struct fixture *f, const char *settings,
				  const struct prober *prober)
{
	struct target *t;

	fixture_open(f, UDP, settings);
	f->ladder_wanted = true;
	t = fixture_target(f, prober);
	fixture_probe(t);
	(void)fixture_drain(f);
	return t;
}

/* Why a probe ended without an answer. */
static void test_failures(void)
{
	static const struct {
		const char *name;
		enum probe_outcome outcome;
		int err;
		const char *detail;
		const char *ladder, *words;
	} cases[] = {
		{"an errno value", PROBE_REFUSED, ECONNREFUSED, NULL, "sent@0 icmp@100",
		 "Connection refused"},
		{"better words", PROBE_REFUSED, ECONNREFUSED, "in words",
		 "sent@0 icmp@100", "in words"},
		{"neither", PROBE_INTERNAL, 0, NULL, "sent@0 icmp@100", ""},
		{"the kernel gave up before we do", PROBE_CONNECT, ETIMEDOUT, NULL,
		 "sent@0 icmp@100", "Connection timed out"},
		{"bytes that made no sense", PROBE_PROTOCOL, EPROTO, "why",
		 "sent@0 icmp@100", "why"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t = open_wanted(&f, CALM, &prober_options);

		pass_ms(100);
		target_fail(t, cases[i].outcome, cases[i].err, cases[i].detail);
		is_str(f.ladder, cases[i].ladder, cases[i].name);
		is_str(f.words, cases[i].words, "in words");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* By the deadline nothing is to be said but that; what came before has its words. */
static void test_deadline(void)
{
	struct fixture f;
	struct target *t = open_wanted(&f, CALM, &prober_options);

	pass_ms(2000);
	is_str(f.words, "", "silence has no words");
	fixture_probe(t);
	(void)fixture_drain(&f);
	strstr(f.got, "Call-ID: ")[9] ^= 1;
	fixture_reply(&f, "200 OK", "Box 1 (Oslo)\r\n");
	fixture_reply(&f, "200 OK", "");
	pass_ms(2000);
	is_str(f.ladder,
	       "sent@0 received@0 oddity@0 oddity@0 retransmitted@500 "
	       "retransmitted@1500 deadline@2000",
	       "an odd answer to another, once");
	ok(strstr(f.words, " | an answer came with another Call-ID | an answer came with "
			   "another Call-ID"),
	   "is told, and is the reason: %s", f.words);
	mem_deref(t);
	fixture_close(&f);
}

/* Of messages their whole size, whether they were noted or are at hand. */
static void test_sizes(void)
{
	char want[64], buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t = open_wanted(&f, CALM, &prober_options);
	size_t asked, trying, answer;

	asked = strlen(f.got);
	trying = fixture_answer(buf, f.got, "100 Trying", "X: 1\r\n");
	fixture_arrive(&f, buf, trying);
	pass_ms(1);
	answer = fixture_answer(buf, f.got, "200 OK", "Box 1 (Oslo)\r\n");
	fixture_arrive(&f, buf, answer);
	(void)snprintf(want, sizeof(want), "%zu %zu %zu", asked, trying, answer);
	is_str(f.sizes, want, "request, provisional and final response");
	is_str(f.ladder, "sent@0 received@0 received@1 oddity@1", "in order");
	is_str(f.words, "a line that is no header field", "what is odd is in words");

	/* By a clock that was set a little: not before it began. */
	pass_ms(100);
	fixture_probe(t);
	(void)fixture_drain(&f);
	answer = fixture_answer(buf, f.got, "200 OK", "");
	demux_arrivals.datagram_h(NULL, &f.address.sa, buf, answer,
				  virtual_now_ns - 20 * CLOCK_NS_PER_MS, f.demux);
	is_str(f.ladder, "sent@0 received@0", "nothing came before it began");
	mem_deref(t);
	fixture_close(&f);
}

/* The path takes less than was sent: the copy that is cut to fit is one more step. */
static void test_resized(void)
{
	struct fixture f;
	struct target *t = open_wanted(&f, CALM, &prober_options);

	pass_ms(10);
	target_icmp(t, EMSGSIZE);
	pass_ms(10);
	(void)fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(f.ladder, "sent@0 retransmitted@10 received@20", "sent again");
	is_str(f.words, "", "which needs no words");
	mem_deref(t);
	fixture_close(&f);
}

/* What there is no room for changes nothing of what was kept. */
static void test_full(void)
{
	char want[128] = "", buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t = open_wanted(&f, CALM, &prober_options);
	size_t len = fixture_answer(buf, f.got, "183 Progress", "Box 1 (Oslo)\r\n");

	for (int i = 0; i < 4; i++)
		fixture_arrive(&f, buf, len);
	pass_ms(2000);
	(void)snprintf(want, sizeof(want), "%zu %zu %zu %zu %zu", strlen(f.got), len, len,
		       len, len);
	is_str(f.sizes, want, "a request and four responses");
	is_str(f.ladder,
	       "sent@0 received@0 oddity@0 received@0 oddity@0 received@0 oddity@0 "
	       "received@0 deadline@2000 1 dropped",
	       "three of which have room for words");
	mem_deref(t);
	fixture_close(&f);
}

/* Each request of an exchange as it was sent, also after a copy of it. */
static void test_exchange(void)
{
	char want[64], buf[FIXTURE_TEXT], first[FIXTURE_TEXT];
	struct fixture f;
	struct target *t = open_wanted(&f, AUTH, &prober_options);
	size_t asked = strlen(f.got), challenge, again, answer;

	memcpy(first, f.got, sizeof(first));
	pass_ms(600);
	challenge = fixture_answer(buf, f.got, "401 Unauthorized", CHALLENGE);
	fixture_arrive(&f, buf, challenge);
	(void)fixture_drain(&f);
	again = strlen(f.got);
	answer = fixture_answer(buf, f.got, "200 OK", "");
	fixture_arrive(&f, buf, answer);
	(void)snprintf(want, sizeof(want), "%zu %zu %zu %zu", asked, challenge, again,
		       answer);
	is_str(f.ladder, "sent@0 retransmitted@500 received@600 sent@600 received@600",
	       "both transactions");
	is_str(f.sizes, want, "their messages' sizes");
	is_str(f.sent, first, "the first as it was, without credentials");
	mem_deref(t);
	fixture_close(&f);
}

/* A final response at the very stamp of what was noted before it is another message. */
static void test_same_stamp(void)
{
	struct fixture f;
	struct target *t = open_wanted(&f, CALM, &prober_options);

	fixture_reply(&f, "100 Trying", "");
	fixture_reply(&f, "200 OK", "");
	is_str(f.ladder, "sent@0 received@0 received@0", "both responses");
	pass_ms(100);
	fixture_probe(t);
	(void)fixture_drain(&f);
	fixture_reply(&f, "183 Progress", "Box 1 (Oslo)\r\n");
	fixture_reply(&f, "200 OK", "Box 1 (Oslo)\r\n");
	is_str(f.ladder, "sent@0 received@0 oddity@0 received@0 oddity@0",
	       "and what is odd of either");
	mem_deref(t);
	fixture_close(&f);
}

/* What was noted as it came is not shown once more, nor missed where nothing was. */
static void test_same_stamp_exchange(void)
{
	char buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t = open_wanted(&f, AUTH, &prober_options);

	pass_ms(10);
	fixture_reply(&f, "100 Trying", "");
	fixture_reply(&f, "401 Unauthorized", CHALLENGE);
	(void)fixture_drain(&f);
	fixture_reply(&f, "100 Trying", "");
	fixture_reply(&f, "200 OK", "");
	is_str(f.ladder, "sent@0 received@10 received@10 sent@10 received@10 received@10",
	       "each response once");
	pass_ms(100);
	fixture_probe(t);
	(void)fixture_drain(&f);
	for (int i = 0; i < 8; i++)
		fixture_arrive(&f, buf, fixture_answer(buf, f.got, "100 Trying", ""));
	fixture_reply(&f, "200 OK", "");
	is_str(f.ladder,
	       "sent@0 received@0 received@0 received@0 received@0 received@0 received@0 "
	       "received@0 received@0 2 dropped",
	       "the last one also where notes are full");
	mem_deref(t);
	fixture_close(&f);
}

/* Nothing is kept where nobody would see it. */
static void test_nobody_looks(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, AUTH);
	f.events.probe.probe_ladder_h = NULL;
	f.events.probe.ladder_wanted_h = NULL;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	(void)fixture_drain(&f);
	fixture_reply(&f, "100 Trying", "");
	fixture_reply(&f, "401 Unauthorized", CHALLENGE);
	ok(!t->attempt->notes, "nobody listens");
	(void)fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "answered all the same");
	mem_deref(t);
	fixture_close(&f);
}

static void test_last_words(void)
{
	char contact[FIXTURE_TEXT + 32];
	struct fixture f;
	struct target *t = open_wanted(
		&f, CALM ", \"method\": \"REGISTER\", \"register\": {\"bind\": true}",
		&prober_register);

	(void)snprintf(contact, sizeof(contact), "Contact: %s;expires=60\r\n",
		       fixture_field(&f, "Contact"));
	fixture_reply(&f, "200 OK", contact);
	f.ladder[0] = '\0';
	ok(target_unregister(t, virtual_now_ns), "it takes its leave");
	pass_ns(WHEEL_TICK_NS);
	(void)fixture_drain(&f);
	fixture_reply(&f, "100 Trying", "");
	ok(!t->attempt->notes, "of which nothing is kept");
	fixture_reply(&f, "200 OK", "");
	pass_ns(WHEEL_TICK_NS);
	is_str(f.ladder, "", "nor shown");
	mem_deref(t);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_failures,	   test_deadline,
		test_sizes,	   test_full,
		test_resized,	   test_exchange,
		test_nobody_looks, test_last_words,
		test_same_stamp,   test_same_stamp_exchange,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

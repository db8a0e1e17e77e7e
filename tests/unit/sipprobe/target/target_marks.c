/* Numbered copies, and what the peer is asked once more to tell the kinds apart. */
#include "sipprobe/target/probers.h"
#include "sipprobe/target/target_marks.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP   CONFIG_TRANSPORT_UDP
#define CALM  ", \"interval\": \"23h\", \"down_interval\": \"23h\", \"timeout\": \"5s\""
#define MARKS CALM ", \"mark_copies\": true"

/* What each copy carries. */
static void test_numbers(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	is_int(fixture_got(&f), true, "the first");
	ok(strstr(fixture_field(&f, "Via"), ";rport;siptrunk-copy=01"), "has number 1");
	pass_ms(510);
	is_int(fixture_got(&f), true, "the second");
	ok(strstr(fixture_field(&f, "Via"), ";siptrunk-copy=02"), "has number 2");
	pass_ms(1010);
	is_int(fixture_got(&f), true, "the third");
	ok(strstr(fixture_field(&f, "Via"), ";siptrunk-copy=03"), "has number 3");
	fixture_reply(&f, "200 OK", "");
	is_int(fixture_got(&f), false, "after a retransmission nobody is asked");
	pass_ms(6000);
	is_str(fixture_settled(&f), "3 1 2", "two were lost, of a peer not known yet");
	fixture_probe(t);
	is_int(fixture_got(&f), true, "the next request");
	ok(strstr(fixture_field(&f, "Via"), ";siptrunk-copy=01"), "begins anew");
	mem_deref(t);
	fixture_close(&f);
}

/* Only where it is set, and not of a call. */
static void test_off(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	ok(!strstr(fixture_field(&f, "Via"), "siptrunk-copy"), "no number");
	fixture_reply(&f, "200 OK", "");
	is_int(fixture_got(&f), false, "and no question");
	ok(!t->more->marks, "nor anything kept for it");
	mem_deref(t);
	fixture_close(&f);
	fixture_open(&f, CONFIG_TRANSPORT_TCP, MARKS);
	t = fixture_target(&f, &prober_options);
	ok(!t->more->marks, "nor over TCP");
	mem_deref(t);
	fixture_close(&f);
}

/* The question and its answer count for nothing else. */
static void test_question(void)
{
	struct fixture f;
	struct target *t;
	char first[FIXTURE_TEXT];
	size_t len;

	fixture_open(&f, UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	len = fixture_answer(first, f.got, "200 OK", "");
	fixture_arrive(&f, first, len);
	is_int(fixture_drain(&f), 1, "sent once more");
	ok(strstr(fixture_field(&f, "Via"), ";siptrunk-copy=02"), "as copy 2");
	fixture_reply(&f, "100 Trying", "");
	is_int(t->loss.kind, LOSS_UNKNOWN, "a provisional response is no answer to it");
	fixture_arrive(&f, first, len);
	is_str(fixture_settled(&f), "1 1 0", "a peer that keeps state: nothing counted");
	is_int(t->loss.kind, LOSS_COPIES, "one that answers copies");
	fixture_arrive(&f, first, len);
	is_str(fixture_settled(&f), "0 1 0", "what comes besides is counted as ever");
	for (int i = 0; i < 3; i++) {
		pass_ms(2000);
		fixture_probe(t);
		fixture_drain(&f);
		fixture_reply(&f, "200 OK", "");
		is_int(fixture_drain(&f), 0, "known: no more questions");
	}
	(void)fixture_settled(&f);
	fixture_probe(t);
	pass_ms(510);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	pass_ms(6000);
	is_int(f.loss.lost_there, 1, "made for copy 2: the first was lost there");
	mem_deref(t);
	fixture_close(&f);
}

/* A question that was not answered is put again, but not within a second. */
static void test_again(void)
{
	static const struct {
		int after_ms;
		unsigned questions;
	} cases[] = {{0, 1}, {500, 0}, {600, 1}, {900, 0}, {1100, 1}, {998, 0}, {2, 1}};
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pass_ms(cases[i].after_ms);
		fixture_probe(t);
		fixture_drain(&f);
		fixture_reply(&f, "200 OK", "");
		is_int(fixture_drain(&f), cases[i].questions, "asked, or not");
	}
	mem_deref(t);
	fixture_close(&f);
}

/* It answers a copy by itself: then the way of it is exact, and a loss is nobody's. */
static void test_stateless(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(200);
	fixture_reply(&f, "200 OK", "");
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "1 1 0", "an answer of its own to the question");
	fixture_probe(t);
	pass_ms(600);
	is_int(fixture_drain(&f), 2, "two copies");
	fixture_reply(&f, "200 OK", "");
	pass_ms(6000);
	is_int(f.loss.lost, 1, "one was lost");
	is_int(f.loss.lost_there + f.loss.lost_back, 0, "either way");
	is_int(t->loss.least_us, 100000, "the way is that of copy 2");
	mem_deref(t);
	fixture_close(&f);
}

/* A peer that is known is asked again after so many answers, and what it says counts. */
static void test_now_and_then(void)
{
	unsigned asked[4] = {0}, count = 0;
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	for (unsigned i = 0; i < 600 && count < 4; i++) {
		char first[FIXTURE_TEXT];
		size_t len;

		pass_ms(1000);
		fixture_probe(t);
		fixture_drain(&f);
		len = fixture_answer(first, f.got, "200 OK", "");
		fixture_arrive(&f, first, len);
		f.told[0] = '\0';
		if (!fixture_drain(&f))
			continue;
		asked[count++] = i;
		(void)fixture_settled(&f);
		fixture_arrive(&f, first, len);
		is_str(fixture_settled(&f), "0 0 0",
		       "its answer counts for nothing else");
	}
	ok(count == 3 && asked[0] == 0 && asked[1] == 256 && asked[2] == 512,
	   "%u questions: by answer %u, %u and %u", count, asked[0], asked[1], asked[2]);
	mem_deref(t);
	fixture_close(&f);
}

/* A registrar is not asked twice: that would be another registration. */
static void test_methods(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, MARKS ", \"method\": \"REGISTER\"");
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_int(fixture_drain(&f), 0, "REGISTER");
	ok(t->more->marks != NULL, "whose copies have numbers");
	mem_deref(t);
	fixture_close(&f);
}

/* What is said of an answer to a request that was sent twice, by which copy it was for.
 */
static void test_words(void)
{
	static const struct {
		const char *name;
		bool stateless, stateful;
		const char *copy, *words;
	} cases[] = {
		{"no state, the last copy", true, false, "02",
		 "it answers copy 2, sent 5000 us before it came"},
		{"no state, the first copy", true, false, "01", ""},
		{"state, the second copy", false, true, "02",
		 "it was made for copy 2, the first that arrived"},
		{"state, the first copy", false, true, "01", ""},
		{"not known, the second copy", false, false, "02", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char first[FIXTURE_TEXT];
		struct fixture f;
		struct target *t;
		size_t len;

		fixture_open(&f, UDP, MARKS);
		f.ladder_wanted = true;
		t = fixture_target(&f, &prober_options);
		fixture_probe(t);
		fixture_drain(&f);
		len = fixture_answer(first, f.got, "200 OK", "");
		fixture_arrive(&f, first, len);
		ok(strstr(f.sent, ";siptrunk-copy=01"), "a ladder shows the first");
		fixture_drain(&f);
		if (cases[i].stateless)
			fixture_reply(&f, "200 OK", "");
		if (cases[i].stateful)
			fixture_arrive(&f, first, len);
		pass_ms(2000);
		fixture_probe(t);
		pass_ms(505);
		fixture_drain(&f);
		memcpy(strstr(f.got, ";siptrunk-copy=") + 15, cases[i].copy, 2);
		fixture_reply(&f, "200 OK", "");
		is_str(f.words, cases[i].words, cases[i].name);
		mem_deref(t);
		fixture_close(&f);
	}
}

/* Over a short way it is the questions that show who ignores copies. */
static void test_ignores_copies(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	for (int i = 0; i < 13; i++) {
		is_int(t->loss.kind, LOSS_UNKNOWN, "not known yet");
		fixture_probe(t);
		fixture_drain(&f);
		fixture_reply(&f, "200 OK", "");
		is_int(fixture_drain(&f), 1, "asked");
		pass_ms(2000);
	}
	is_int(t->loss.kind, LOSS_FIRST, "twelve questions unanswered");
	is_str(fixture_settled(&f), "13 13 0", "nothing is lost");
	fixture_probe(t);
	pass_ms(5000);
	fixture_drain(&f);
	pass_ms(6000);
	is_str(fixture_settled(&f), "1 0 1", "silence is one loss");
	mem_deref(t);
	fixture_close(&f);
}

/* A number that was never sent says nothing, nor does what is no number of ours. */
static void test_forged(void)
{
	static const char *const values[] = {"77", "00", "x", "", "1 1", "100", "\"01\""};
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char buf[FIXTURE_TEXT], text[2 * FIXTURE_TEXT];
		struct guard_message m;
		char *at;

		fixture_probe(t);
		fixture_drain(&f);
		(void)fixture_answer(buf, f.got, "200 OK", "");
		at = strstr(buf, "siptrunk-copy=01");
		*at = '\0';
		(void)snprintf(text, sizeof(text), "%ssiptrunk-copy=%s%s", buf, values[i],
			       at + 16);
		fixture_arrive(&f, text, strlen(text));
		is_int(guard_datagram(&m, text, strlen(text), NULL)
			       ? 0
			       : target_marks_copy(t, &m, 1),
		       0, values[i]);
		is_int(fixture_drain(&f), 0, "so nobody is asked");
		pass_ms(6000);
	}
	mem_deref(t);
	fixture_close(&f);
}

/* A request that is challenged counts by itself, and is not asked about. */
static void test_exchange(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP,
		     MARKS ", \"auth\": {\"username\": \"u\", \"password\": \"p\"}");
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(1);
	fixture_reply(&f, "401 Unauthorized",
		      "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");
	is_int(fixture_drain(&f), 1, "asked again, with credentials");
	ok(strstr(fixture_field(&f, "Via"), ";siptrunk-copy=01"), "as a first copy");
	fixture_reply(&f, "200 OK", "");
	is_int(fixture_drain(&f), 1, "the last one is sent once more");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "2 2 0", "which is not counted");
	is_str(f.ladder, "sent@0 received@1 sent@1 received@1", "nor shown");
	mem_deref(t);
	fixture_close(&f);
}

/* It says which copy was answered, once, with credentials and without. */
static void test_ladder(void)
{
	static const char *const settings[] = {
		MARKS, MARKS ", \"auth\": {\"username\": \"u\", \"password\": \"p\"}"};

	for (int i = 0; i < 2; i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, settings[i]);
		f.ladder_wanted = true;
		t = fixture_target(&f, &prober_options);
		fixture_probe(t);
		fixture_drain(&f);
		fixture_reply(&f, "200 OK", "");
		fixture_drain(&f);
		fixture_reply(&f, "200 OK", ""); /* no state: to the second copy too */
		pass_ms(2000);
		fixture_probe(t);
		pass_ms(505);
		fixture_drain(&f);
		ok(strstr(fixture_field(&f, "Via"), ";siptrunk-copy=02"), "the second");
		fixture_reply(&f, "200 OK", "");
		is_str(f.ladder, "sent@0 retransmitted@500 received@505 oddity@505",
		       i ? "with credentials" : "without");
		ok(strstr(f.sent, ";siptrunk-copy=01"), "the request is the first copy");
		mem_deref(t);
		fixture_close(&f);
	}
}

int main(void)
{
	test_numbers();
	test_off();
	test_question();
	test_again();
	test_stateless();
	test_now_and_then();
	test_methods();
	test_words();
	test_ignores_copies();
	test_forged();
	test_exchange();
	test_ladder();
	return tap_done();
}

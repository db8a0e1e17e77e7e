/*
 * Numbered copies: what the peer is asked once more to tell the kinds apart, and what is
 * told of each way, over a way that loses and delays, by itself.
 */
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
	ok(!t->marks, "nor anything kept for it");
	mem_deref(t);
	fixture_close(&f);
	fixture_open(&f, CONFIG_TRANSPORT_TCP, MARKS);
	t = fixture_target(&f, &prober_options);
	ok(!t->marks, "nor over TCP");
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
	fixture_arrive(&f, first, len);
	is_str(fixture_settled(&f), "1 1 0", "a peer that keeps state: nothing counted");
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
	} cases[] = {{0, 1}, {500, 0}, {600, 1}, {900, 0}, {1100, 1}};
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
	ok(t->loss.least_us < 1000000, "the way is that of copy 2");
	mem_deref(t);
	fixture_close(&f);
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
		char *at;

		fixture_probe(t);
		fixture_drain(&f);
		(void)fixture_answer(buf, f.got, "200 OK", "");
		at = strstr(buf, "siptrunk-copy=01");
		*at = '\0';
		(void)snprintf(text, sizeof(text), "%ssiptrunk-copy=%s%s", buf, values[i],
			       at + 16);
		fixture_arrive(&f, text, strlen(text));
		is_int(t->attempt.mark, 0, values[i]);
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
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "401 Unauthorized",
		      "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");
	is_int(fixture_drain(&f), 1, "asked again, with credentials");
	ok(strstr(fixture_field(&f, "Via"), ";siptrunk-copy=01"), "as a first copy");
	fixture_reply(&f, "200 OK", "");
	is_int(fixture_drain(&f), 1, "the last one is sent once more");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "2 2 0", "which is not counted");
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

static uint64_t seed;

static bool chance(double share)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / (double)(1ULL << 53) < share;
}

/* The way and a peer at its end. */
struct way {
	double there, back;
	int64_t rtt_ns;
	bool stateful;
	unsigned sent, lost_there, lost_back;
	char branch[64], first[1024]; /* of the transaction that it remembers */
	size_t first_len;
	struct {
		int64_t at_ns;
		size_t len;
		char buf[1024];
	} on[16];
	unsigned begin, count;
};

static void way_answer(struct way *w, struct fixture *f)
{
	char buf[FIXTURE_TEXT];
	unsigned at = (w->begin + w->count) % 16;
	size_t len = fixture_answer(buf, f->got, "200 OK", "");
	char branch[64];

	(void)snprintf(branch, sizeof(branch), "%.31s", strstr(f->got, "branch=") + 7);
	if (strcmp(branch, w->branch)) {
		memcpy(w->branch, branch, sizeof(branch));
		memcpy(w->first, buf, len);
		w->first_len = len;
	}
	if (chance(w->back)) {
		w->lost_back++;
		return;
	}
	w->on[at].at_ns = virtual_now_ns + w->rtt_ns;
	w->on[at].len = w->stateful ? w->first_len : len;
	memcpy(w->on[at].buf, w->stateful ? w->first : buf, w->on[at].len);
	w->count++;
}

static void way_pass(struct way *w, struct fixture *f, int64_t until_ns)
{
	while (virtual_now_ns < until_ns) {
		int64_t next_ns = wheel_next_ns(virtual_ticker->wheel);

		if (w->count && w->on[w->begin].at_ns < next_ns)
			next_ns = w->on[w->begin].at_ns;
		if (next_ns > until_ns)
			next_ns = until_ns;
		pass_ns(next_ns > virtual_now_ns ? next_ns - virtual_now_ns
						 : WHEEL_TICK_NS);
		while (w->count && w->on[w->begin].at_ns <= virtual_now_ns) {
			fixture_arrive(f, w->on[w->begin].buf, w->on[w->begin].len);
			w->begin = (w->begin + 1) % 16;
			w->count--;
		}
		while (fixture_got(f)) {
			w->sent++;
			if (chance(w->there))
				w->lost_there++;
			else
				way_answer(w, f);
		}
	}
}

static void check_way(struct way w)
{
	struct probe_loss *told;
	struct fixture f;
	struct target *t;
	double there, back;

	seed = 88172645463325252ULL;
	fixture_open(&f, UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	for (int i = 0; i < 4000; i++) {
		target_probe_now(t);
		way_pass(&w, &f, virtual_now_ns + 6 * CLOCK_NS_PER_S);
		while (t->attempt.pending)
			way_pass(&w, &f, virtual_now_ns + CLOCK_NS_PER_S);
		f.told[0] = '\0';
	}
	way_pass(&w, &f, virtual_now_ns + 20 * CLOCK_NS_PER_S);
	told = &f.loss;
	there = 100.0 * told->lost_there / told->requests;
	back = 100.0 * told->lost_back / told->requests;
	if (w.stateful)
		ok(there > 100 * w.there - 1 && there < 100 * w.there + 1 &&
			   back > 100 * (1 - w.there) * w.back - 1 &&
			   back < 100 * (1 - w.there) * w.back + 1,
		   "%.0f + %.0f %%, %lld ms: told %.2f + %.2f", 100 * w.there,
		   100 * w.back, (long long)(w.rtt_ns / CLOCK_NS_PER_MS), there, back);
	else
		is_int(told->lost_there + told->lost_back, 0, "no state: either");
	ok(told->lost_there + told->lost_back <= told->lost, "all ways are all: %u %u %u",
	   told->lost_there, told->lost_back, told->lost);
	ok(told->lost >= w.lost_there + w.lost_back - w.sent / 100 &&
		   told->lost <= w.lost_there + w.lost_back,
	   "and as many as were: %u of %u", told->lost, w.lost_there + w.lost_back);
	mem_deref(t);
	fixture_close(&f);
}

static void test_ways(void)
{
	static const double ways[][2] = {{0.1, 0}, {0, 0.1}, {0.05, 0.05}, {0.2, 0.2}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (int slow = 0; slow < 2; slow++)
			for (int stateful = 0; stateful < 2; stateful++)
				check_way((struct way){.there = ways[i][0],
						       .back = ways[i][1],
						       .rtt_ns = (slow ? 700 : 10) *
								 CLOCK_NS_PER_MS,
						       .stateful = stateful});
}

int main(void)
{
	test_numbers();
	test_off();
	test_question();
	test_again();
	test_stateless();
	test_ignores_copies();
	test_forged();
	test_exchange();
	test_ladder();
	test_ways();
	return tap_done();
}

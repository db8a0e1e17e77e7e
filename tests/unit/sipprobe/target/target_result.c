/* What of a target its results tell besides outcome and time, and when its state tips. */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP  CONFIG_TRANSPORT_UDP
#define CALM ", \"interval\": \"2h\", \"timeout\": \"1s\", \"fall\": 2, \"rise\": 2"

/* A probe that is answered so; NULL: not at all. */
static void probe(struct fixture *f, struct target *t, const char *status)
{
	fixture_probe(t);
	(void)fixture_drain(f);
	if (status)
		fixture_reply(f, status, "");
	else
		pass_ms(1000);
}

/* Of one that takes the place of another: the trunk counts on, its own state is its own.
 */
static void test_own_state(void)
{
	static const struct {
		const char *answer;
		enum health_state state, own;
		bool changed;
	} steps[] = {
		{"200 OK", HEALTH_DOWN, HEALTH_UP, true},
		{"200 OK", HEALTH_UP, HEALTH_UP, true},
		{"200 OK", HEALTH_UP, HEALTH_UP, false},
		{NULL, HEALTH_UP, HEALTH_UP, false},
		{NULL, HEALTH_DOWN, HEALTH_DOWN, true},
		{NULL, HEALTH_DOWN, HEALTH_DOWN, false},
	};
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	target_take_over(t, (struct health){.state = HEALTH_DOWN}, INT64_MAX);
	is_int(target_own_state(t), HEALTH_UNKNOWN, "nothing is known of its own");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		f.owner_results = 0;
		probe(&f, t, steps[i].answer);
		is_int(target_state(t), steps[i].state, "as the trunk counts");
		is_int(target_own_state(t), steps[i].own, "by its own results");
		is_int(f.owner_results, steps[i].changed,
		       "its owner is told whether either is another");
		is_int(target_health(t).state, steps[i].state,
		       "its health says the same");
	}
	mem_deref(t);
	fixture_close(&f);
}

/* Where a trunk registers is decided by each result, not by states alone. */
static void test_heeded(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_register);
	probe(&f, t, "200 OK");
	is_int(f.owner_results, 1, "a first registration");
	ok(f.owner_changed, "tips its state");
	probe(&f, t, "200 OK");
	is_int(f.owner_results, 2, "one that changes nothing is told of as well");
	ok(!f.owner_changed, "as such");
	mem_deref(t);
	fixture_close(&f);
}

/* A successor is probed no later than its predecessor would have been. */
static void test_taken_over(void)
{
	const struct health up = {.state = HEALTH_UP};

	for (int paused = 0; paused < 2; paused++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, CALM);
		t = fixture_target(&f, &prober_options);
		target_probe_at(t, virtual_now_ns + 5 * CLOCK_NS_PER_S);
		target_take_over(t, up, virtual_now_ns + 9 * CLOCK_NS_PER_S);
		is_int(target_due_ns(t) - virtual_now_ns, 5 * CLOCK_NS_PER_S, "later");
		f.owner.paused = paused;
		target_take_over(t, up, virtual_now_ns + 2 * CLOCK_NS_PER_S);
		is_int(target_due_ns(t) - virtual_now_ns,
		       (paused ? 5 : 2) * CLOCK_NS_PER_S, "sooner, unless it is paused");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* A datagram of the peer's, to where the one came from that it read last. */
static void send_to_us(const struct fixture *f, const char *buf, size_t len)
{
	if (sendto(f->fd, buf, len, 0, &f->from.u.sa, f->from.len) < 0)
		perror("sendto");
}

static void test_figures(void)
{
	int64_t before_ns = clock_wall_ns();
	char buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;
	size_t len;

	fixture_open(&f, UDP, CALM);
	is_int(target_alloc(&t, &f.group, &f.owner, &prober_options, &f.address,
			    7 * CLOCK_NS_PER_MS),
	       0, "made");
	is_int(target_busy_until_ns(t), 0, "idle");
	fixture_probe(t);
	is_int(target_busy_until_ns(t), virtual_now_ns + CLOCK_NS_PER_S,
	       "busy until its deadline");
	(void)fixture_drain(&f);
	len = fixture_answer(buf, f.got, "503 Busy", "Retry-After: 7\r\n");
	send_to_us(&f, buf, len);
	for (int i = 0; i < 1000 && t->pending; i++)
		loop_turn();
	ok(f.last.begun_unix_ns >= before_ns && f.last.begun_unix_ns <= clock_wall_ns(),
	   "when it began, by the wall clock");
	is_str(f.last.phrase, "Busy", "the peer's words");
	is_int(f.last.retry_after_s, 7, "when it wants to be asked again");
	is_int(f.last.phase_ns[PROBE_PHASE_RESOLVE], 7 * CLOCK_NS_PER_MS,
	       "how long its name took");
	ok(f.last.reply_ttl > 0, "how far the answer came: %d", f.last.reply_ttl);
	is_int(f.last.tls_cause, 0, "no word of TLS");
	probe(&f, t, NULL);
	is_int(f.last.tls_cause, 0, "nor in a failure");
	is_int(f.last.phase_ns[PROBE_PHASE_RESOLVE], 0, "whose name was known");
	is_int(f.last.reply_ttl, probe_result_none().reply_ttl, "nothing came back");
	mem_deref(t);
	fixture_close(&f);
}

/* What waits in the socket is read before anything is decided by the time. */
static void test_waiting(void)
{
	static const struct {
		const char *answer, *told;
		unsigned copies;
	} cases[] = {
		{"200 OK", "response 200 up", 0},
		{"100 Trying", "", 0},
		{NULL, "", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buf[FIXTURE_TEXT];
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, CALM);
		t = fixture_target(&f, &prober_options);
		fixture_probe(t);
		(void)fixture_drain(&f);
		(void)fixture_told(&f);
		if (cases[i].answer)
			send_to_us(&f, buf,
				   fixture_answer(buf, f.got, cases[i].answer, ""));
		pass_ms(500);
		is_str(fixture_told(&f), cases[i].told,
		       cases[i].answer ? cases[i].answer : "silence");
		is_int(fixture_drain(&f), cases[i].copies, "whether it is sent again");
		mem_deref(t);
		fixture_close(&f);
	}
}

static int64_t lag_ns;

static void begin_h(void *cell, int64_t lag, void *arg)
{
	(void)cell, (void)arg;
	lag_ns = lag;
}

/* By how much later than it was due a probe began. */
static void test_lag(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	f.events.probe.probe_begin_h = begin_h;
	t = fixture_target(&f, &prober_options);
	target_probe_at(t, virtual_now_ns + 100 * CLOCK_NS_PER_MS);
	virtual_now_ns += 130 * CLOCK_NS_PER_MS;
	pass_ns(0);
	is_int(lag_ns, 30 * CLOCK_NS_PER_MS, "we stood still meanwhile");
	target_probe_at(t, virtual_now_ns - 50 * CLOCK_NS_PER_MS);
	pass_ms(4);
	ok(lag_ns < 4 * CLOCK_NS_PER_MS, "decided late is not begun late");
	mem_deref(t);
	fixture_close(&f);
}

static unsigned adds;

static void *add_second_h(void *row, const struct engine_target *target, void *arg)
{
	(void)row, (void)target;
	return adds++ ? arg : NULL;
}

/* Where there was no memory to be told with, there may be at the next probe. */
static void test_told_later(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	f.events.probe.target_add_h = add_second_h;
	t = fixture_target(&f, &prober_options);
	ok(!t->cell, "no memory");
	probe(&f, t, "200 OK");
	ok(t->cell, "told with its probe");
	probe(&f, t, "200 OK");
	is_int(adds, 2, "and once");
	mem_deref(t);
	fixture_close(&f);
}

/* One that is put off while it runs is dropped, with all that was noted of it. */
static void test_put_off(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	(void)fixture_drain(&f);
	fixture_reply(&f, "100 Trying", "");
	ok(t->attempt->notes != NULL, "a probe of which something was noted");
	(void)fixture_told(&f);
	target_probe_at(t, virtual_now_ns + CLOCK_NS_PER_S);
	ok(!t->attempt, "of which nothing is kept");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "late", "its answer is none any more");
	pass_ms(1002);
	(void)fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "begin, response 200 up", "then the next");
	is_str(f.ladder, "sent@0 received@2", "with its own ladder");

	/* So is what was asked from where we are not any more. */
	fixture_probe(t);
	(void)fixture_drain(&f);
	fixture_reply(&f, "100 Trying", "");
	target_rebind(t);
	ok(!t->udp, "its way out is chosen anew");
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "asked again");
	pass_ms(10);
	fixture_reply(&f, "200 OK", "");
	is_str(f.ladder, "sent@0 received@10", "the ladder begins anew");
	mem_deref(t);
	fixture_close(&f);
}

/* An answer that comes when its request counts as lost, and another one was made. */
static void test_very_late(void)
{
	char buf[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;
	size_t len;

	fixture_open(&f, UDP, ", \"interval\": \"2h\", \"timeout\": \"32s\"");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	(void)fixture_drain(&f);
	len = fixture_answer(buf, f.got, "200 OK", "");
	pass_ms(80000);
	fixture_probe(t);
	(void)fixture_told(&f);
	(void)fixture_settled(&f);
	fixture_arrive(&f, buf, len);
	is_str(fixture_told(&f), "late", "while the next is under way");
	is_str(fixture_settled(&f), "0 1 0", "and was not lost");
	(void)fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	(void)fixture_told(&f);

	/* The same of one that was asked anew after a success. */
	fixture_probe(t);
	(void)fixture_drain(&f);
	len = fixture_answer(buf, f.got, "200 OK", "");
	target_rebind(t);
	pass_ms(10000);
	(void)fixture_told(&f);
	fixture_arrive(&f, buf, len);
	is_str(fixture_told(&f), "late", "asked anew");
	(void)fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "and answered");
	fixture_probe(t);
	(void)fixture_told(&f);
	fixture_arrive(&f, buf, len);
	is_str(fixture_told(&f), "unmatched", "after that nobody knows it");
	mem_deref(t);
	fixture_close(&f);
}

/* Whoever looks at all targets sees that one came or went. */
static void test_stamp(void)
{
	struct fixture f;
	struct target *t;
	uint64_t stamp;

	fixture_open(&f, UDP, CALM);
	stamp = f.services.targets_stamp;
	t = fixture_target(&f, &prober_options);
	ok(f.services.targets_stamp > stamp, "one came");
	stamp = f.services.targets_stamp;
	probe(&f, t, "200 OK");
	ok(f.services.targets_stamp == stamp, "a probe is neither");
	mem_deref(t);
	ok(f.services.targets_stamp > stamp, "one went");
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_own_state, test_heeded,  test_taken_over, test_figures,
		test_stamp,	test_waiting, test_lag,	       test_told_later,
		test_very_late, test_put_off,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

/* What a target tells of what it sent over UDP, and when it tells it. */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP  CONFIG_TRANSPORT_UDP
#define CALM ", \"interval\": \"23h\", \"down_interval\": \"23h\", \"timeout\": \"5s\""

/* A request of which copies are lost, and when it is told. */
static void test_when(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	is_str(fixture_settled(&f), "0 0 0", "nothing while it is under way");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "1 1 0", "answered: at once");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "0 1 0", "twice: an answer more, and no loss less");

	fixture_probe(t);
	pass_ms(510);
	is_int(fixture_drain(&f), 2, "two copies");
	fixture_reply(&f, "200 OK", "");
	pass_ms(4900);
	is_str(fixture_settled(&f), "0 0 0", "one is missing: it may come yet");
	pass_ms(200);
	/* The first answer ever: how long the way is, is not known yet. */
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "3 2 1", "and is lost after T4");

	fixture_probe(t);
	pass_ms(510);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	pass_ms(1000);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "2 2 0", "both came: settled with the last");
	mem_deref(t);
	fixture_close(&f);
}

/* An unanswered one, answered late; and late after it was told. */
static void test_late(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	pass_ms(5000);
	is_int(fixture_drain(&f), 4, "four copies");
	(void)fixture_told(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "late", "a late answer");
	pass_ms(6000);
	is_str(fixture_settled(&f), "4 1 3", "is an answer");

	fixture_probe(t);
	pass_ms(5000);
	fixture_drain(&f);
	pass_ms(6000);
	is_str(fixture_settled(&f), "4 0 4", "given up");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "0 1 0", "counted all the same");
	fixture_probe(t);
	pass_ms(11000);
	is_str(fixture_settled(&f), "4 0 3", "and the next loss is one less");
	mem_deref(t);
	fixture_close(&f);
}

/* Probes follow each other faster than answers come to copies. */
static void test_several_wait(void)
{
	struct fixture f;
	struct target *t;
	char buf[3][FIXTURE_TEXT];
	size_t len[3];

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	for (int i = 0; i < 3; i++) {
		fixture_probe(t);
		pass_ms(700);
		is_int(fixture_drain(&f), 2, "two copies");
		fixture_reply(&f, "200 OK", "");
		len[i] = fixture_answer(buf[i], f.got, "200 OK", "");
		pass_ms(50);
	}
	is_str(fixture_settled(&f), "0 0 0", "three requests wait");
	for (int i = 2; i >= 0; i--)
		fixture_arrive(&f, buf[i], len[i]);
	is_str(fixture_settled(&f), "6 6 0", "for what comes in any order");
	mem_deref(t);
	is_str(fixture_told(&f) + strlen(f.was_told) - 6, "remove", "nothing is left");
	fixture_close(&f);
}

static void probe_twice_asked(struct fixture *f, struct target *t, unsigned answers)
{
	fixture_probe(t);
	pass_ms(14);
	(void)fixture_drain(f);
	while (answers--)
		fixture_reply(f, "200 OK", "");
}

/* Copies follow each other by T1: one of 10 ms has many requests wait at once. */
static void test_many_wait(void)
{
	enum { MANY = 64 };
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM ", \"t1\": \"10ms\"");
	t = fixture_target(&f, &prober_options);
	probe_twice_asked(&f, t, 2);
	is_str(fixture_settled(&f), "2 2 0", "the peer answers each copy");
	for (int i = 0; i < MANY; i++)
		probe_twice_asked(&f, t, 1);
	is_str(fixture_settled(&f), "0 0 0", "so many may wait");
	probe_twice_asked(&f, t, 1);
	is_str(fixture_settled(&f), "2 1 1", "past that the oldest is settled");
	pass_ms(20000);
	is_str(fixture_settled(&f), "75 64 11",
	       "then the others: from the twelfth on the peer answers first copies");
	mem_deref(t);
	fixture_close(&f);
}

/* What did not go unanswered, or was never sent, is no loss. */
static void test_no_loss(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	target_icmp(t, ECONNREFUSED);
	pass_ms(20000);
	is_str(fixture_settled(&f), "0 0 0", "refused by ICMP");

	fixture_probe(t);
	target_garbage(t, &(struct target_garbage){.bytes = {.p = "hello", .l = 5},
						   .why = "not SIP",
						   .rx_ns = virtual_now_ns});
	pass_ms(20000);
	is_str(fixture_settled(&f), "0 0 0", "answered by something else");
	fixture_drain(&f);

	fixture_probe(t);
	is_int(fixture_drain(&f), 1, "sent");
	target_icmp(t, EMSGSIZE);
	is_int(fixture_drain(&f), 1, "the path takes less: sent again at once");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "1 1 0", "the long one is none");
	is_int(f.last.retransmissions, 0, "nor is it a retransmission");

	fixture_probe(t);
	for (int i = 0; i < 10; i++)
		target_icmp(t, EMSGSIZE);
	is_int(fixture_drain(&f), 4, "three times at most");
	mem_deref(t);
	fixture_close(&f);
}

/* Each transaction of an exchange is a request of its own. */
static void test_exchange(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP,
		     CALM ", \"auth\": {\"username\": \"u\", \"password\": \"p\"}");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	pass_ms(510);
	fixture_drain(&f);
	fixture_reply(&f, "401 Unauthorized",
		      "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");
	is_int(fixture_drain(&f), 1, "asked again");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "1 1 0", "the second request");
	pass_ms(6000);
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "3 2 1", "and the first, of which a copy was lost");
	mem_deref(t);
	fixture_close(&f);
}

static void *no_cell_h(void *row, const struct engine_target *target, void *arg)
{
	(void)row, (void)target, (void)arg;
	return NULL;
}

/* Nobody is told of what nobody listens to, knows of, or is told to be gone. */
static void test_untold(void)
{
	for (int i = 0; i < 2; i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, CALM);
		if (i)
			f.events.probe.target_add_h = no_cell_h;
		else
			f.events.probe.probe_settled_h = NULL;
		t = fixture_target(&f, &prober_options);
		fixture_probe(t);
		pass_ms(510);
		fixture_drain(&f);
		fixture_reply(&f, "200 OK", "");
		fixture_reply(&f, "200 OK", "");
		fixture_reply(&f, "200 OK", "");
		pass_ms(20000);
		is_str(fixture_settled(&f), "0 0 0", i ? "no cell" : "no listener");
		mem_deref(t);
		fixture_close(&f);
	}
}

static void test_untold_at_the_end(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP,
		     CALM ", \"method\": \"REGISTER\", \"register\": {\"bind\": true}");
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_settled(&f), "1 1 0", "registered");
	ok(target_unregister(t, virtual_now_ns), "it takes its leave");
	pass_ns(WHEEL_TICK_NS);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	fixture_reply(&f, "200 OK", "");
	pass_ms(20000);
	is_str(fixture_settled(&f), "0 0 0", "untold");
	mem_deref(t);
	fixture_close(&f);
}

/* What took longer than T4 may take as long again; silence, as long as a probe waits. */
static void test_slow(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP,
		     ", \"interval\": \"23h\", \"down_interval\": \"23h\", \"timeout\": "
		     "\"20s\"");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	pass_ms(8000);
	is_int(fixture_drain(&f), 5, "five copies");
	fixture_reply(&f, "200 OK", "");
	pass_ms(7900);
	ok(t->more->waiting, "others may come yet");
	pass_ms(200);
	ok(!t->more->waiting, "for another eight seconds");
	fixture_probe(t);
	pass_ms(20000 + 19900);
	ok(t->more->waiting, "silence may end yet");
	pass_ms(200);
	ok(!t->more->waiting, "for another twenty");
	mem_deref(t);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_when,    test_late,     test_several_wait, test_many_wait,
		test_no_loss, test_exchange, test_untold,	test_untold_at_the_end,
		test_slow,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

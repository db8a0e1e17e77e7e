/*
 * Rounds of questions about what becomes of our messages: when one begins, what is asked,
 * and that a sign is told when two rounds have seen the same.
 */
#include "sipprobe/target/probers.h"
#include "sipprobe/way/mirror_ask.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP   CONFIG_TRANSPORT_UDP
#define CALM  ", \"interval\": \"23h\", \"down_interval\": \"23h\", \"timeout\": \"5s\""
#define HOURS CALM ", \"mirror\": {\"every\": \"1h\"}"

enum { HOUR_MS = 3600 * 1000 };

static void mirrored_h(void *cell, unsigned signs, void *arg)
{
	(void)cell;
	fixture_tell(arg, "signs %u", signs);
}

static struct target *begin(struct fixture *f, const char *settings)
{
	fixture_open(f, UDP, settings);
	f->events.probe.mirrored_h = mirrored_h;
	return fixture_target(f, &prober_options);
}

/* A probe that is answered; what else comes is left to be read. */
static void probe(struct fixture *f, struct target *t)
{
	fixture_probe(t);
	is_int(fixture_drain(f), 1, "the probe");
	fixture_reply(f, "200 OK", "");
	(void)fixture_told(f);
	pass_ms(10);
}

/* Answers a question where it came from, as a peer does that leaves everything as it is.
 */
static void answer(struct fixture *f)
{
	char buf[FIXTURE_TEXT];
	size_t len = fixture_answer(buf, f->got, "200 OK", "");

	if (sendto(f->fd, buf, len, 0, &f->from.u.sa, f->from.len) < 0)
		perror("sendto");
	loop_turn();
	pass_ms(10);
}

/* Both questions of a round, answered. */
static void pass_round(struct fixture *f)
{
	is_int(fixture_got(f), true, "a question");
	ok(!strstr(fixture_field(f, "Via"), MIRROR_CANARY), "with our own name");
	answer(f);
	is_int(fixture_got(f), true, "another");
	ok(strstr(fixture_field(f, "Via"), MIRROR_CANARY),
	   "with a name that is nobody's");
	answer(f);
	is_int(fixture_got(f), false, "no more");
}

static void test_rounds(void)
{
	struct fixture f;
	struct target *t = begin(&f, HOURS);

	probe(&f, t);
	pass_round(&f);
	is_str(fixture_told(&f), "", "seen once, nothing is told");
	probe(&f, t);
	pass_round(&f);
	is_str(fixture_told(&f), "signs 0", "twice, and it is");
	probe(&f, t);
	is_int(fixture_got(&f), false, "known, for an hour");
	pass_ms(HOUR_MS);
	probe(&f, t);
	pass_round(&f);
	is_str(fixture_told(&f), "signs 0", "asked again after it");
	mem_deref(t);
	fixture_close(&f);
}

/* Only where it is set, and after an answer. */
static void test_off(void)
{
	struct fixture f;
	struct target *t = begin(&f, CALM);

	probe(&f, t);
	is_int(fixture_got(&f), false, "not set");
	mem_deref(t);
	fixture_close(&f);
	t = begin(&f, HOURS);
	fixture_probe(t);
	pass_ms(6000);
	(void)fixture_drain(&f);
	pass_ms(2000);
	is_int(fixture_got(&f), false, "who is down is not asked");
	mem_deref(t);
	is_int(f.services.mirrors, 0, "no round is under way");
	fixture_close(&f);
}

/* A round that is under way is not begun again, and ends with its target. */
static void test_once(void)
{
	struct fixture f;
	struct target *t = begin(&f, HOURS);

	probe(&f, t);
	is_int(fixture_got(&f), true, "a question");
	is_int(f.services.mirrors, 1, "a round");
	fixture_probe(t);
	is_int(fixture_drain(&f), 1, "the next probe");
	fixture_reply(&f, "200 OK", "");
	is_int(fixture_drain(&f), 0, "and no other round");
	is_int(f.services.mirrors, 1, "one");
	mem_deref(t);
	is_int(f.services.mirrors, 0, "ended with its target");
	fixture_close(&f);
}

/* What is taken back is not asked for the way. */
static void test_unregistering(void)
{
	struct fixture f;
	struct target *t;
	char contact[FIXTURE_TEXT + 32];

	fixture_open(&f, UDP,
		     HOURS ", \"method\": \"REGISTER\", \"register\": {\"bind\": true}");
	f.events.probe.mirrored_h = mirrored_h;
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	is_int(fixture_drain(&f), 1, "REGISTER");
	(void)snprintf(contact, sizeof(contact), "Contact: %s;expires=60\r\n",
		       fixture_field(&f, "Contact"));
	fixture_reply(&f, "200 OK", contact);
	pass_ms(10);
	pass_round(&f);
	ok(target_unregister(t, virtual_now_ns), "the program ends");
	pass_ms(20);
	is_int(fixture_drain(&f), 1, "taken back");
	fixture_reply(&f, "200 OK", "");
	is_int(f.services.mirrors, 0, "no round begins");
	mem_deref(t);
	fixture_close(&f);
}

/* Answers a question as a peer does that our From came to as another's. */
static void answer_rewritten(struct fixture *f)
{
	strstr(f->got, "\r\nFrom: ")[strlen("\r\nFrom: <sip:")] = 'X';
	answer(f);
}

/* A round of which both answers have another From. */
static void pass_rewritten(struct fixture *f)
{
	for (int i = 0; i < 2; i++) {
		is_int(fixture_got(f), true, "a question");
		answer_rewritten(f);
	}
	is_int(fixture_got(f), false, "no more");
}

/* A sign that is new is asked for once more with the next probe, not after an hour. */
static void test_signs(void)
{
	struct fixture f;
	struct target *t = begin(&f, HOURS);

	for (int i = 0; i < 2; i++) {
		probe(&f, t);
		pass_round(&f);
	}
	is_str(fixture_told(&f), "signs 0", "none");
	for (int round = 0; round < 2; round++) {
		pass_ms(HOUR_MS);
		probe(&f, t);
		pass_rewritten(&f);
		is_str(fixture_told(&f), "signs 0", "once: what was known is so still");
		probe(&f, t);
		if (round) {
			pass_rewritten(&f);
			is_str(fixture_told(&f), "signs 2", "again: it is a sign");
		} else {
			pass_round(&f);
			is_str(fixture_told(&f), "signs 0", "not again: it is none");
		}
		probe(&f, t);
		is_int(fixture_got(&f), false, "and then there is an hour");
	}
	mem_deref(t);
	fixture_close(&f);
}

/* A round that nobody answers is no news, and another is not begun at once. */
static void test_silent_round(void)
{
	struct fixture f;
	struct target *t = begin(&f, HOURS);

	probe(&f, t);
	is_int(fixture_got(&f), true, "a question");
	pass_ms(60000);
	(void)fixture_drain(&f);
	is_int(f.services.mirrors, 0, "the round is over");
	is_str(fixture_told(&f), "", "nothing to tell");
	probe(&f, t);
	is_int(fixture_got(&f), false, "the next in an hour");
	mem_deref(t);
	fixture_close(&f);
}

/* Just an hour later; and not while as many are under way as may be. */
static void test_when(void)
{
	struct fixture f;
	struct target *t = begin(&f, HOURS);
	struct guard_message m = {0};

	f.services.mirrors = 16;
	probe(&f, t);
	is_int(fixture_got(&f), false, "sixteen others: not now");
	f.services.mirrors = 15;
	probe(&f, t);
	pass_round(&f);
	is_int(f.services.mirrors, 15, "fifteen: a round");
	probe(&f, t);
	pass_round(&f);
	t->mirror_hash = 0;
	virtual_now_ns += HOUR_MS * CLOCK_NS_PER_MS - 10 * CLOCK_NS_PER_MS - 1;
	target_mirror_note(t, &m);
	is_int(f.services.mirrors, 15, "not yet");
	virtual_now_ns++;
	target_mirror_note(t, &m);
	is_int(f.services.mirrors, 16, "an hour after the last");
	target_move(t);
	is_int(f.services.mirrors, 15, "ended where the trunk's description moves");
	mem_deref(t);
	fixture_close(&f);
}

/* Nobody on the way can rewrite what is encrypted. */
static void test_transports(void)
{
	static const struct {
		enum config_transport transport;
		unsigned rounds;
	} cases[] = {{UDP, 1},
		     {CONFIG_TRANSPORT_TCP, 1},
		     {CONFIG_TRANSPORT_TLS, 0},
		     {CONFIG_TRANSPORT_WSS, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guard_message m = {0};
		struct fixture f;
		struct target *t = begin(&f, HOURS);

		t->address.transport = cases[i].transport;
		target_mirror_note(t, &m);
		is_int(f.services.mirrors, cases[i].rounds,
		       config_transport_name(cases[i].transport));
		t->address.transport = UDP;
		mem_deref(t);
		fixture_close(&f);
	}
}

static void seen_as_h(void *cell, const struct mirror_view *view, void *arg)
{
	(void)cell;
	fixture_tell(arg, "%s%s", view->address, view->nat ? " by NAT" : "");
}

/* What is told of an answer whose topmost Via says so. */
static const char *seen_as(struct fixture *f, const char *more)
{
	char rest[FIXTURE_TEXT];
	char *at = strstr(f->got, ";rport");

	(void)snprintf(rest, sizeof(rest), "%s", at + strlen(";rport"));
	(void)snprintf(at, sizeof(f->got) - (size_t)(at - f->got), "%s%s", more, rest);
	(void)fixture_told(f);
	fixture_reply(f, "200 OK", "");
	return fixture_told(f);
}

/* As whom the peer sees us: told where it is not what it was. */
static void test_seen_as(void)
{
	static const struct {
		const char *via, *told;
	} cases[] = {
		{";rport=4000;received=192.0.2.7",
		 "192.0.2.7:4000 by NAT, response 200 up"},
		{";rport=4000;received=192.0.2.7", "response 200 up"},
		{";rport=4001;received=192.0.2.7",
		 "192.0.2.7:4001 by NAT, response 200 up"},
		{";rport=4001;received=192.0.2.8",
		 "192.0.2.8:4001 by NAT, response 200 up"},
		{";rport=;received=192.0.2.8", "192.0.2.8 by NAT, response 200 up"},
		{";received=127.0.0.1", "127.0.0.1, response 200 up"},
		{";received=nobody", "127.0.0.1, response 200 up"},
		{";received=192.0.2.7;rport=4000",
		 "192.0.2.7:4000 by NAT, response 200 up"},
	};
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	f.events.probe.seen_as_h = seen_as_h;
	t = fixture_target(&f, &prober_options);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_probe(t);
		(void)fixture_drain(&f);
		is_str(seen_as(&f, cases[i].via), cases[i].told, cases[i].via);
	}
	mem_deref(t);
	fixture_close(&f);
}

/* Over a stream the port is that of the connection, and no news. */
static void test_seen_as_of_stream(void)
{
	struct fixture f;
	struct target *t;
	struct guard_message m;
	char buf[FIXTURE_TEXT];
	char *at;

	fixture_open(&f, UDP, CALM);
	f.events.probe.seen_as_h = seen_as_h;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	(void)fixture_drain(&f);
	(void)fixture_told(&f);
	t->address.transport = CONFIG_TRANSPORT_TCP;
	for (int port = 4000; port < 4002; port++) {
		char text[2 * FIXTURE_TEXT];
		size_t len;

		(void)fixture_answer(buf, f.got, "200 OK", "");
		at = strstr(buf, ";rport");
		*at = '\0';
		len = (size_t)snprintf(text, sizeof(text),
				       "%s;rport=%d;received=192.0.2.7%s", buf, port,
				       at + strlen(";rport"));
		is_int(guard_datagram(&m, text, len, NULL), 0, "an answer");
		target_mirror_note(t, &m);
		is_str(fixture_told(&f), port == 4000 ? "192.0.2.7 by NAT" : "",
		       "the address alone");
	}
	t->address.transport = UDP;
	mem_deref(t);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_rounds,	    test_off,	       test_once,
		test_signs,	    test_silent_round, test_when,
		test_seen_as,	    test_transports,   test_seen_as_of_stream,
		test_unregistering,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

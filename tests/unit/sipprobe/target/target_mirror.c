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

int main(void)
{
	static void (*const tests[])(void) = {test_rounds, test_off, test_once,
					      test_unregistering};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

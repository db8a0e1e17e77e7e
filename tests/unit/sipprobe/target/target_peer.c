/* Which answers a peer is known by: final ones that count, of probes that are watched. */
#include "sipprobe/fingerprint/fingerprint.h"
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP  CONFIG_TRANSPORT_UDP
#define CALM ", \"interval\": \"23h\", \"down_interval\": \"23h\", \"timeout\": \"5s\""

static void shown_h(void *cell, unsigned traits, void *arg)
{
	(void)cell;
	fixture_tell(arg, "shown %u", traits);
}

static void changed_h(void *cell, const struct peer_change *c, void *arg)
{
	(void)cell;
	fixture_tell(arg, "%s %s->%s", peer_trait_name(c->trait), c->before, c->now);
}

static struct target *open_watched(struct fixture *f, const char *settings)
{
	struct target *t;

	fixture_open(f, UDP, settings);
	f->events.probe.peer_shown_h = shown_h;
	f->events.probe.peer_changed_h = changed_h;
	(void)fingerprint_table_alloc(&f->services.fingerprints);
	t = fixture_target(f, &prober_options);
	(void)fixture_told(f);
	return t;
}

static void close_watched(struct fixture *f, struct target *t)
{
	struct fingerprint_table *g = f->services.fingerprints;

	mem_deref(t);
	is_int(fingerprint_table_count(g), 0, "its fingerprints go with it");
	fixture_close(f);
	mem_deref(g);
}

/* What is told of a probe that is answered so. */
static const char *answered(struct fixture *f, struct target *t, const char *status,
			    const char *fields)
{
	fixture_probe(t);
	fixture_drain(f);
	fixture_reply(f, status, fields);
	return fixture_told(f);
}

static void test_answers(void)
{
	struct fixture f;
	struct target *t = open_watched(&f, CALM);

	is_str(answered(&f, t, "200 OK", "Server: a\r\n"),
	       "begin, shown 8, response 200 up",
	       "the first answer is what it is known by");
	is_str(answered(&f, t, "200 OK", "Server: a\r\n"), "begin, response 200 up",
	       "the same again says nothing");
	is_str(answered(&f, t, "401 No", "Server: edge\r\n"), "begin, response 401 up",
	       "a challenge is not looked at");
	is_str(answered(&f, t, "404 No", "Server: c\r\n"),
	       "begin, shown 8, response 404 up", "another code is another's");
	is_str(answered(&f, t, "200 OK", "Server: b\r\n"),
	       "begin, shown 8, software a->b, response 200 up", "a change is told once");
	is_str(answered(&f, t, "200 OK", "Server: b\r\n"), "begin, response 200 up",
	       "and not again");
	is_str(answered(&f, t, "200 OK", "Server: a\r\n"), "begin, response 200 up",
	       "nor what it was before");
	is_str(answered(&f, t, "200 OK", "Server: b\r\nAllow: X\r\n"),
	       "begin, shown 9, allow ->X, response 200 up", "what is new besides");
	close_watched(&f, t);
}

/* Answers of another time, another request, another place. */
static void test_not_counted(void)
{
	struct fixture f;
	struct target *t = open_watched(&f, CALM);
	char late[FIXTURE_TEXT];
	size_t len;

	is_str(answered(&f, t, "200 OK", "Server: a\r\n"),
	       "begin, shown 8, response 200 up", "known");
	fixture_probe(t);
	fixture_drain(&f);
	len = fixture_answer(late, f.got, "200 OK", "Server: late\r\n");
	fixture_reply(&f, "180 Ringing", "Server: provisional\r\n");
	pass_ms(5100);
	fixture_arrive(&f, late, len);
	is_str(fixture_told(&f), "begin, timeout down, late",
	       "too late, and provisional");
	fixture_probe(t);
	fixture_arrive(&f, late, len);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "Server: a\r\n");
	fixture_reply(&f, "200 OK", "Server: duplicate\r\n");
	ok(!strstr(fixture_told(&f), "software"),
	   "to an earlier request, and a duplicate");
	close_watched(&f, t);
}

static void test_off(void)
{
	struct fixture f;
	struct target *t = open_watched(&f, CALM ", \"watch_changes\": false");

	is_str(answered(&f, t, "200 OK", "Server: a\r\n"), "begin, response 200 up",
	       "off");
	is_str(answered(&f, t, "200 OK", "Server: b\r\n"), "begin, response 200 up",
	       "nothing is told");
	close_watched(&f, t);
	t = open_watched(&f, CALM);
	f.events.probe.peer_changed_h = NULL;
	is_str(answered(&f, t, "200 OK", "Server: a\r\n"), "begin, response 200 up",
	       "nobody listens");
	close_watched(&f, t);
}

int main(void)
{
	static void (*const tests[])(void) = {test_answers, test_not_counted, test_off};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

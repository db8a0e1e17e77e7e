/* How an engine, and a trunk that goes, takes back what it registered. */
#include "sipprobe/engine/engine_private.h"
#include "tests/unit/sipprobe/dns/zone_resolver.h"
#include "tests/unit/sipprobe/engine/running.h"

static unsigned stops;

static void stopped_h(void *arg)
{
	(void)arg;
	stops++;
}

static bool is_stopped(void *arg)
{
	(void)arg;
	return stops;
}

#define LITERAL "\"uri\": \"sip:127.0.0.1:9\", \"interval\": \"2h\""

/* A trunk that is registered at the peer. */
static struct config *registered(struct running *r)
{
	struct config *c;

	running_open(r, "");
	c = fixture_config("{\"trunks\": [{\"name\": \"a\", \"uri\": "
			   "\"sip:127.0.0.1:%u\", \"interval\": \"2h\", \"method\": "
			   "\"REGISTER\", \"register\": {\"bind\": true}}]}",
			   sa_port(&r->f.address.sa));
	(void)running_apply(r, c);
	(void)loop_until(running_has_targets, r);
	pass_ms(1001);
	fixture_drain(&r->f);
	running_reply(r, "200 OK", "Expires: 600\r\n");
	(void)running_told(r);
	stops = 0;
	return c;
}

static void test_stop(void)
{
	struct config *c;
	struct running r;

	c = registered(&r);
	engine_stop(r.engine, stopped_h, NULL);
	is_int(stops, 0, "a registration is taken back first");
	pass_ms(2);
	is_int(fixture_drain(&r.f), 1, "at once");
	is_str(fixture_field(&r.f, "Expires"), "0", "by a REGISTER");
	running_send(&r, "200 OK", "");
	for (int i = 0; i < 1000 && !stops; i++) {
		loop_turn();
		pass_ns(WHEEL_TICK_NS / 100);
	}
	is_int(stops, 1, "answered: done");
	pass_ms(2000);
	is_int(stops, 1, "once");
	running_close(&r);
	config_free(c);

	c = registered(&r);
	engine_stop(r.engine, stopped_h, NULL);
	pass_ms(ENGINE_STOP_MS - 2);
	is_int(stops, 0, "a registrar that is silent");
	pass_ms(3);
	is_int(stops, 1, "is waited for no longer than that");
	running_close(&r);
	config_free(c);

	running_open(&r, "");
	stops = 0;
	engine_stop(r.engine, stopped_h, NULL);
	ok(is_stopped(NULL), "nothing to take back: done at once");
	running_close(&r);
}

/* When each of many is taken back, the last of them: ms after the first. */
static int64_t unregister_span_ms(unsigned count)
{
	struct running r;
	struct config *c;
	char *trunks = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&trunks, &len);
	int64_t first_ns = 0, last_ns = 0;
	unsigned seen = 0;
	struct config_errors errs = {0};

	running_open(&r, "");
	fputs("{\"trunks\": [", f);
	for (unsigned i = 0; i < count; i++)
		fprintf(f,
			"%s{\"name\": \"t%u\", \"uri\": \"sip:127.0.0.1:%u\", "
			"\"interval\": "
			"\"10s\", \"method\": \"REGISTER\", \"from\": "
			"\"sip:u%u@127.0.0.1\", \"register\": {\"bind\": true}}",
			i ? ", " : "", i, sa_port(&r.f.address.sa), i);
	fputs("]}", f);
	fclose(f);
	if (config_parse(&c, trunks, len, "x", &errs)) {
		config_errors_print(&errs, stderr);
		abort();
	}
	(void)running_apply(&r, c);
	(void)loop_until(running_has_targets, &r);
	for (unsigned i = 0; i < 300; i++) {
		pass_ms(40);
		while (fixture_got(&r.f))
			running_send(&r, "200 OK", "Expires: 600\r\n");
		loop_turn();
	}
	engine_stop(r.engine, stopped_h, NULL);
	for (int ms = 0; ms < ENGINE_STOP_MS; ms++) {
		pass_ms(1);
		while (fixture_got(&r.f)) {
			/* What follows is sent again, for want of an answer. */
			if (strcmp(fixture_field(&r.f, "Expires"), "0") != 0 ||
			    ++seen > count)
				continue;
			first_ns = first_ns ? first_ns : virtual_now_ns;
			last_ns = virtual_now_ns;
		}
	}
	ok(seen >= count, "all %u are taken back", count);
	running_close(&r);
	config_free(c);
	free(trunks);
	return (last_ns - first_ns) / CLOCK_NS_PER_MS;
}

/* A millisecond between two, as long as all of them fit into half the time there is. */
static void test_stop_pace(void)
{
	int64_t ms = unregister_span_ms(40);

	ok(ms >= 36 && ms <= 42, "40 in 39 ms: %lld", (long long)ms);
	ms = unregister_span_ms(700);
	ok(ms >= 340 && ms <= 360, "700 in half of 700 ms: %lld", (long long)ms);
}

/* A trunk that is removed while it is registered ends with the engine at the latest. */
static void test_free_unregistering(void)
{
	struct config *none, *c;
	struct running r;

	c = registered(&r);
	none = fixture_config("{\"trunks\": [{\"name\": \"b\", " LITERAL "}]}");
	(void)running_apply(&r, none);
	ok(r.engine->group.targets.unregistering.head != NULL, "still at work");
	config_free(c); /* which it keeps */
	pass_ms(2);
	is_int(fixture_drain(&r.f), 1, "it takes back what it registered");
	running_close(&r);
	config_free(none);
}

/* Whoever comes by another name may be the same: what was registered waits for him. */
static void test_renamed(void)
{
	struct config *next, *c;
	struct running r;

	c = registered(&r);
	next = fixture_config("{\"trunks\": [{\"name\": \"x\", " LITERAL
			      "}, {\"name\": \"b\", \"uri\": \"sip:127.0.0.1:%u\", "
			      "\"interval\": \"2h\", \"method\": \"REGISTER\", "
			      "\"register\": {\"bind\": true}}]}",
			      sa_port(&r.f.address.sa));
	(void)running_apply(&r, next);
	pass_ms(2);
	is_int(fixture_drain(&r.f), 0, "nothing is taken back at once");
	running_close(&r);
	config_free(c);
	config_free(next);
}

int main(void)
{
	static void (*const tests[])(void) = {test_stop, test_stop_pace,
					      test_free_unregistering, test_renamed};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

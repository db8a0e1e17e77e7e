/* REGISTER: a question, or a binding that is kept, renewed and taken back. */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP   CONFIG_TRANSPORT_UDP
#define ASKS  ", \"interval\": \"2h\", \"method\": \"REGISTER\""
#define BINDS ASKS ", \"register\": {\"bind\": true, \"expires\": \"60s\"}"

/* A Contact of ours as the peer confirms it: that of the request, and for how long. */
static const char *confirmed(const struct fixture *f, int expires_s)
{
	static char field[FIXTURE_TEXT + 32];

	(void)snprintf(field, sizeof(field), "Contact: %s;expires=%d\r\n",
		       fixture_field(f, "Contact"), expires_s);
	return field;
}

/* A target that is registered for so long. */
static struct target *registered(struct fixture *f, const char *settings, int expires_s)
{
	struct target *t;

	fixture_open(f, UDP, settings);
	t = fixture_target(f, &prober_register);
	fixture_probe(t);
	fixture_drain(f);
	fixture_reply(f, "200 OK", confirmed(f, expires_s));
	(void)fixture_told(f);
	return t;
}

static int64_t held_s(const struct fixture *f)
{
	return f->last.registered_until_s - clock_wall_ns() / CLOCK_NS_PER_S;
}

static void test_query(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, ASKS);
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	fixture_drain(&f);
	ok(!strncmp(f.got, "REGISTER sip:127.0.0.1:", 23), "to the registrar");
	is_str(fixture_field(&f, "Contact"), "", "a question has no Contact");
	is_str(fixture_field(&f, "Expires"), "", "and no Expires");
	(void)fixture_told(&f);
	fixture_reply(&f, "200 OK",
		      "Contact: <sip:x@192.0.2.1>;expires=30, "
		      "<sip:y@192.0.2.1>;expires=90\r\n");
	is_str(fixture_told(&f), "response 200 up", "answered");
	ok(held_s(&f) >= 89 && held_s(&f) <= 90, "the longest binding there is");
	ok(!target_unregister(t, virtual_now_ns), "none of it is ours to take back");
	ok(t->due_ns > virtual_now_ns + 3600 * CLOCK_NS_PER_S,
	   "asked again by the trunk's interval");

	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	is_int(f.last.registered_until_s, 0, "none there");
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "Contact: <sip:x@192.0.2.1>;expires=0\r\n");
	is_int(f.last.registered_until_s, 0, "one that ends now");
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_reply(&f, "423 Interval Too Brief", "Min-Expires: 300\r\n");
	is_str(fixture_told(&f), "response 423 up", "nothing was too brief of ours");
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "403 Forbidden", "");
	is_int(f.last.registered_until_s, -1, "not told");
	mem_deref(t);
	fixture_close(&f);
}

static void test_uris(void)
{
	static const struct {
		const char *name, *settings, *start, *to, *contact;
	} cases[] = {
		{"nothing set", "", "REGISTER sip:127.0.0.1:", "<sip:ping@127.0.0.1>",
		 "<sip:ping@"},
		{"the user of the credentials",
		 ", \"auth\": {\"username\": \"a b%c\", \"password\": \"x\"}",
		 "REGISTER sip:127.0.0.1:", "<sip:a%20b%25c@127.0.0.1>",
		 "<sip:a%20b%25c@"},
		{"from", ", \"from\": \"sip:me@home.example\"",
		 "REGISTER sip:127.0.0.1:", "<sip:me@home.example>", "<sip:me@"},
		{"from without a user", ", \"from\": \"sip:home.example\"",
		 "REGISTER sip:127.0.0.1:", "<sip:home.example>", "<sip:ping@"},
		{"request_uri", ", \"request_uri\": \"sip:reg.example\"",
		 "REGISTER sip:reg.example SIP/2.0", "<sip:ping@127.0.0.1>",
		 "<sip:ping@"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char settings[512];
		struct fixture f;
		struct target *t;

		(void)snprintf(settings, sizeof(settings), "%s%s", BINDS,
			       cases[i].settings);
		fixture_open(&f, UDP, settings);
		t = fixture_target(&f, &prober_register);
		fixture_probe(t);
		fixture_drain(&f);
		ok(!strncmp(f.got, cases[i].start, strlen(cases[i].start)), "%s: %s",
		   cases[i].name, cases[i].start);
		is_str(fixture_field(&f, "To"), cases[i].to, "the address of record");
		ok(!strncmp(fixture_field(&f, "Contact"), cases[i].contact,
			    strlen(cases[i].contact)),
		   "our Contact: %s", fixture_field(&f, "Contact"));
		is_str(fixture_field(&f, "Expires"), "60", "for as long as is set");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* Registered for 40 s of the 60 asked for: renewed after 20. */
static void test_refresh(void)
{
	char call_id[FIXTURE_TEXT], contact[FIXTURE_TEXT];
	struct fixture f;
	struct target *t = registered(&f, BINDS, 40);

	ok(held_s(&f) >= 39 && held_s(&f) <= 40, "held for as long as is granted");
	(void)snprintf(call_id, sizeof(call_id), "%s", fixture_field(&f, "Call-ID"));
	(void)snprintf(contact, sizeof(contact), "%s", fixture_field(&f, "Contact"));
	pass_ms(19900);
	is_int(fixture_drain(&f), 0, "not before half of it");
	pass_ms(200);
	is_int(fixture_drain(&f), 1, "renewed at half of it");
	is_str(fixture_field(&f, "Call-ID"), call_id, "by the same Call-ID");
	is_str(fixture_field(&f, "Contact"), contact, "for the same Contact");
	is_str(fixture_field(&f, "CSeq"), "2 REGISTER", "with the next CSeq");
	fixture_reply(&f, "200 OK", "");
	ok(held_s(&f) >= 59 && held_s(&f) <= 60, "nothing said: as asked for");
	target_rebind(t);
	fixture_probe(t);
	fixture_drain(&f);
	is_str(fixture_field(&f, "Contact"), contact, "and so after a rebind");
	mem_deref(t);
	fixture_close(&f);
}

static void test_results(void)
{
	static const struct {
		const char *name, *status, *fields, *told, *detail;
		int until_s; /* -1: not told */
	} cases[] = {
		{"no time granted", "200 OK", "Expires: 0\r\n", "response 200 down",
		 "the registrar granted no time", 0},
		{"refused, whatever up_codes say", "403 Forbidden", "",
		 "response 403 down", "", 0},
		{"nor do degraded_codes", "480 Away", "", "response 480 down", "", 0},
		{"a redirection is none", "300 Multiple Choices", "", "response 300 down",
		 "", 0},
		{"423 that asks for as much", "423 Interval Too Brief",
		 "Min-Expires: 60\r\n", "response 423 down", "", 0},
		{"423 without a minimum", "423 Interval Too Brief", "",
		 "response 423 down", "", 0},
		{"423 that asks for less", "423 Interval Too Brief",
		 "Min-Expires: 30\r\n", "response 423 down", "", 0},
		{"423 that asks for more than a week", "423 Interval Too Brief",
		 "Min-Expires: 604801\r\n", "response 423 down", "", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP,
			     BINDS ", \"up_codes\": [\"2xx\", \"4xx\"], "
				   "\"degraded_codes\": [480]");
		t = fixture_target(&f, &prober_register);
		fixture_probe(t);
		fixture_drain(&f);
		(void)fixture_told(&f);
		fixture_reply(&f, cases[i].status, cases[i].fields);
		is_str(fixture_told(&f), cases[i].told, cases[i].name);
		is_str(f.last.detail, cases[i].detail, "in words");
		is_int(f.last.registered_until_s, cases[i].until_s, "nothing is held");
		is_int(fixture_drain(&f), 0, "nor asked for again at once");
		ok(target_due_ns(t) > virtual_now_ns, "but later");
		ok(!target_unregister(t, virtual_now_ns), "nothing to take back");
		mem_deref(t);
		fixture_close(&f);
	}
}

static void test_too_brief(void)
{
	/* As long as it may be: a week. */
	static const char *const least[] = {"61", "300", "604800"};

	for (size_t i = 0; i < sizeof(least) / sizeof(least[0]); i++) {
		char field[64];
		struct fixture f;
		struct target *t;

		(void)snprintf(field, sizeof(field), "Min-Expires: %s\r\n", least[i]);
		fixture_open(&f, UDP, BINDS);
		t = fixture_target(&f, &prober_register);
		fixture_probe(t);
		fixture_drain(&f);
		(void)fixture_told(&f);
		fixture_reply(&f, "423 Interval Too Brief", field);
		is_int(fixture_drain(&f), 1, "423: asked again at once");
		is_str(fixture_field(&f, "Expires"), least[i], "for as long as it wants");
		fixture_reply(&f, "200 OK", "Min-Expires: 604800\r\n");
		is_str(fixture_told(&f), "response 200 up", "one probe, one result");
		fixture_probe(t);
		fixture_drain(&f);
		is_str(fixture_field(&f, "Expires"), least[i], "which is remembered");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* What is still good is tried for again before it ends, but not at a higher rate. */
static void test_refused_while_held(void)
{
	struct fixture f;
	struct target *t =
		registered(&f,
			   ", \"interval\": \"10s\", \"method\": \"REGISTER\", "
			   "\"register\": {\"bind\": true, \"expires\": \"10h\"}",
			   36000);

	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "503 Busy", "");
	is_str(fixture_told(&f), "begin, response 503 degraded", "refused");
	is_int(f.last.registered_until_s, -1, "what is held is still held");
	ok(target_unregister(t, virtual_now_ns), "and may be taken back");
	mem_deref(t);
	fixture_close(&f);
}

/* Where a whole interval would be too late, it is tried for in half the time left. */
static void test_about_to_end(void)
{
	struct fixture f;
	struct target *t = registered(
		&f,
		", \"interval\": \"30s\", \"down_interval\": \"30s\", \"timeout\": "
		"\"1s\", "
		"\"method\": \"REGISTER\", "
		"\"register\": {\"bind\": true, \"expires\": \"60s\", \"interval\": "
		"\"2h\"}",
		60);

	pass_ms(30000);
	is_int(fixture_drain(&f), 1, "at half its time");
	fixture_reply(&f, "503 Busy", "");
	pass_ms(14900);
	is_int(fixture_drain(&f), 0, "15 s are half of what is left");
	pass_ms(200);
	is_int(fixture_drain(&f), 1, "before it ends");
	fixture_reply(&f, "403 Forbidden", "");
	pass_ms(7600);
	is_int(fixture_drain(&f), 1, "and again");
	fixture_reply(&f, "200 OK", confirmed(&f, 60));
	pass_ms(29900);
	is_int(fixture_drain(&f), 0, "as before");
	mem_deref(t);
	fixture_close(&f);
}

/* Down while it still lasts: an answer that refuses does not lift it out of that. */
static void test_refused_while_down(void)
{
	struct fixture f;
	struct target *t =
		registered(&f,
			   ", \"interval\": \"10s\", \"timeout\": \"1s\", \"fall\": 1, "
			   "\"rise\": 1, \"method\": \"REGISTER\", "
			   "\"register\": {\"bind\": true, \"expires\": \"10h\"}",
			   36000);

	fixture_probe(t);
	pass_ms(1000);
	is_str(fixture_told(&f), "begin, timeout down", "silence");
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "503 Busy", "");
	is_str(fixture_told(&f), "begin, response 503 down", "503");
	is_int(t->health.state, HEALTH_DOWN, "is no registration");
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", confirmed(&f, 36000));
	is_int(t->health.state, HEALTH_UP, "200 is");
	mem_deref(t);
	fixture_close(&f);
}

/* The trunk goes: one more REGISTER, of which nobody is told. */
static void test_leaving(void)
{
	struct fixture f;
	struct target *t = registered(&f, BINDS, 60);
	const struct config_trunk *conf = f.owner.conf;
	struct tls_cache *tls = f.group.tls;
	uint64_t stamp = f.services.targets_stamp;

	target_remove(t);
	ok(f.services.targets_stamp > stamp, "whoever looks at all targets sees it");
	f.group.tls = NULL; /* a reload */
	ok(target_tls(t) == tls, "it keeps what it needs");
	f.group.tls = tls;
	is_str(fixture_told(&f), "remove", "out of sight at once");
	f.owner = (struct target_owner){.conf = NULL}; /* its trunk is freed */
	ok(target_owner(t) != &f.owner && target_owner(t)->conf == conf &&
		   !target_owner(t)->row,
	   "it is nobody's");
	ok(!peers_find(f.peers.scheduled, &f.address.sa, UDP), "its peer is a stranger");
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "one more REGISTER");
	is_str(fixture_field(&f, "Expires"), "0", "that takes back");
	is_int(f.unregistered, 0, "not done yet");
	fixture_reply(&f, "200 OK", "");
	is_int((long long)registry_count(f.services.registry), 1,
	       "not freed inside its own handler");
	pass_ns(WHEEL_TICK_NS);
	is_int(f.unregistered, 1, "the group is told");
	is_int((long long)registry_count(f.services.registry), 0, "and it is freed");
	is_str(fixture_told(&f), "", "nobody was told of a probe");
	fixture_close(&f);
}

/* Nor of what comes late for the last probe that there was. */
static void test_leaving_late(void)
{
	struct fixture f;
	struct target *t = registered(&f, BINDS, 60);

	fixture_probe(t);
	pass_ms(5000);
	fixture_drain(&f);
	(void)fixture_told(&f);
	target_remove(t);
	(void)fixture_told(&f);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "", "a late answer is nobody's any more");
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "and it goes on to take back");
	fixture_reply(&f, "200 OK", "");
	pass_ns(WHEEL_TICK_NS);
	is_int((long long)registry_count(f.services.registry), 0, "and is freed");
	fixture_close(&f);
}

/* A registrar that does not answer ends it all the same. */
static void test_leaving_in_vain(void)
{
	struct fixture f;
	struct target *t = registered(&f, BINDS, 60);

	target_remove(t);
	pass_ms(4900);
	is_int((long long)registry_count(f.services.registry), 1, "still trying");
	is_int(fixture_drain(&f), 4, "again and again");
	pass_ms(200);
	is_int((long long)registry_count(f.services.registry), 0, "given up");
	is_int(f.unregistered, 1, "and told");
	fixture_close(&f);
}

/* At the end of the program targets stay their owners'. */
static void test_unregister(void)
{
	struct fixture f;
	struct target *t = registered(&f, BINDS, 60);

	ok(target_unregister(t, virtual_now_ns + 4 * CLOCK_NS_PER_MS), "to take back");
	ok(!target_unregister(t, virtual_now_ns), "not twice");
	pass_ms(3);
	is_int(fixture_drain(&f), 0, "not before its time");
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "then");
	is_str(fixture_field(&f, "Expires"), "0", "it is taken back");
	fixture_reply(&f, "200 OK", "");
	pass_ns(WHEEL_TICK_NS);
	is_int(f.unregistered, 1, "done");
	is_int((long long)registry_count(f.services.registry), 1, "and it stays");
	is_str(fixture_told(&f), "", "untold");
	pass_ms(3 * 3600 * 1000);
	is_int(fixture_drain(&f), 0, "but asks no more");
	mem_deref(t);
	fixture_close(&f);
}

/* What holds nothing is silent from then on; what takes nothing back goes on. */
static void test_silence(void)
{
	for (int i = 0; i < 3; i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, i == 2 ? BINDS : ", \"interval\": \"1h\"");
		t = fixture_target(&f, i ? &prober_register : &prober_options);
		if (i < 2)
			fixture_probe(t);
		fixture_drain(&f);
		(void)fixture_told(&f);
		ok(!target_unregister(t, virtual_now_ns), "nothing to take back");
		if (i < 2)
			fixture_reply(&f, "200 OK", "");
		is_str(fixture_told(&f),
		       i > 1 ? ""
		       : i   ? "late"
			     : "response 200 up",
		       "a question to the registrar under way is dropped");
		pass_ms(3 * 3600 * 1000);
		is_int(fixture_drain(&f) > 0, !i, "and none follows");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* Whoever did not hear may be registered all the same. */
static void test_unsure(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, BINDS);
	t = fixture_target(&f, &prober_register);
	ok(!target_unregister(t, virtual_now_ns), "never asked: nothing to take back");
	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(5000);
	ok(target_unregister(t, virtual_now_ns), "asked, but unheard: perhaps");
	mem_deref(t);
	fixture_close(&f);

	fixture_open(&f, UDP, BINDS);
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	ok(target_unregister(t, virtual_now_ns), "asked just now: perhaps");
	mem_deref(t);
	fixture_close(&f);

	fixture_open(&f, UDP, BINDS);
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	pass_ms(5000);
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "Expires: 0\r\n");
	ok(!target_unregister(t, virtual_now_ns), "unheard, then told no: sure");
	mem_deref(t);
	fixture_close(&f);

	t = registered(&f, BINDS, 60);
	pass_ms(20);
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "Expires: 0\r\n");
	target_remove(t);
	is_int((long long)registry_count(f.services.registry), 0,
	       "nothing left: gone at once");
	fixture_close(&f);

	t = registered(&f, BINDS, 60);
	f.services.closing = true;
	target_remove(t);
	is_int((long long)registry_count(f.services.registry), 0,
	       "while all ends nobody waits");
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_query,	      test_uris,
		test_refresh,	      test_results,
		test_too_brief,	      test_refused_while_held,
		test_about_to_end,    test_refused_while_down,
		test_leaving,	      test_leaving_late,
		test_leaving_in_vain, test_unregister,
		test_unsure,	      test_silence,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

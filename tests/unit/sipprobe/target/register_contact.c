/*
 * The Contact of a registration: when it becomes another and what is then taken back,
 * whether we are reached over our own connection alone, and when it is tried for again.
 */
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP CONFIG_TRANSPORT_UDP
#define BINDS                                                                            \
	", \"interval\": \"2h\", \"method\": \"REGISTER\", \"register\": {\"bind\": "    \
	"true, \"expires\": \"60500ms\"}"

/* The Contacts of the REGISTER that the peer read last: "<…>, <…>;expires=0". */
static const char *contacts(struct fixture *f)
{
	static char text[FIXTURE_TEXT];
	const char *at = f->got;

	text[0] = '\0';
	while ((at = strstr(at, "\r\nContact: "))) {
		at += strlen("\r\nContact: ");
		fixture_add(text, ", ", "%.*s", (int)strcspn(at, "\r"), at);
	}
	return text;
}

/* Asks from an end of ours, and says which Contacts it asks for. */
static const char *asked_from(struct fixture *f, struct target *t, const char *address,
			      uint16_t port)
{
	struct sa local;

	(void)sa_set_str(&local, address, port);
	fixture_set_local(t, &local);
	/* After a failure the way out, and with it our end, would be chosen anew. */
	t->health.verdict = PROBE_UP;
	fixture_probe(t);
	is_int(fixture_drain(f), 1, "asked");
	return contacts(f);
}

static struct target *open_from(struct fixture *f, const char *settings)
{
	struct target *t;

	fixture_open(f, UDP, settings);
	t = fixture_target(f, &prober_register);
	fixture_probe(t);
	(void)fixture_drain(f);
	fixture_reply(f, "500 Not Now", "");
	return t;
}

static void test_moving(void)
{
	struct fixture f;
	struct target *t = open_from(&f, BINDS);

	is_str(asked_from(&f, t, "127.0.0.2", 6000),
	       "<sip:ping@127.0.0.2:6000>;expires=61",
	       "never heard: nothing to take back");
	is_str(fixture_field(&f, "Expires"), "61", "no less than is set");
	fixture_reply(&f, "200 OK", "");
	is_str(asked_from(&f, t, "127.0.0.2", 6000),
	       "<sip:ping@127.0.0.2:6000>;expires=61", "the same end: the same Contact");
	fixture_reply(&f, "200 OK", "");
	is_str(asked_from(&f, t, "127.0.0.2", 6001),
	       "<sip:ping@127.0.0.2:6001>;expires=61, "
	       "<sip:ping@127.0.0.2:6000>;expires=0",
	       "another port: the former is taken back with it");
	fixture_reply(&f, "500 Not Now", "");
	is_str(asked_from(&f, t, "127.0.0.3", 6001),
	       "<sip:ping@127.0.0.3:6001>;expires=61, "
	       "<sip:ping@127.0.0.2:6000>;expires=0",
	       "another address before it was heard: it is the first that may be there");
	fixture_reply(&f, "200 OK", "");
	is_str(asked_from(&f, t, "127.0.0.3", 6001),
	       "<sip:ping@127.0.0.3:6001>;expires=61",
	       "heard: nothing more to take back");
	fixture_reply(&f, "200 OK", "");
	is_str(asked_from(&f, t, "127.0.0.4", 6001),
	       "<sip:ping@127.0.0.4:6001>;expires=61, "
	       "<sip:ping@127.0.0.3:6001>;expires=0",
	       "elsewhere");
	fixture_reply(&f, "500 Not Now", "");
	is_str(asked_from(&f, t, "127.0.0.3", 6001),
	       "<sip:ping@127.0.0.3:6001>;expires=61, "
	       "<sip:ping@127.0.0.4:6001>;expires=0",
	       "back again: asked for and not taken back in one, and the other is gone");
	fixture_reply(&f, "200 OK", "Expires: 0\r\n");
	is_str(asked_from(&f, t, "127.0.0.4", 6001),
	       "<sip:ping@127.0.0.4:6001>;expires=61",
	       "nothing was held: nothing to take back");
	mem_deref(t);
	fixture_close(&f);
}

/* One that is set stays, wherever we are. */
static void test_fixed(void)
{
	static const char want[] = "<sip:us@192.0.2.1:5060>;expires=61";
	struct fixture f;
	struct target *t =
		open_from(&f, BINDS ", \"contact\": \"sip:us@192.0.2.1:5060\"");

	is_str(asked_from(&f, t, "127.0.0.2", 6000), want, "here");
	fixture_reply(&f, "200 OK", "");
	is_str(asked_from(&f, t, "127.0.0.3", 6001), want, "and there");
	fixture_reply(&f, "200 OK", "");
	mem_deref(t);
	fixture_close(&f);
}

/* What another target holds is not taken back. */
static void test_shared(void)
{
	struct fixture f;
	struct target *one = open_from(&f, BINDS);
	struct target *other = fixture_target(&f, &prober_register);

	fixture_probe(other);
	(void)fixture_drain(&f);
	(void)asked_from(&f, one, "127.0.0.2", 6000);
	fixture_reply(&f, "200 OK", "");
	(void)asked_from(&f, other, "127.0.0.2", 6000);
	fixture_reply(&f, "200 OK", "");
	is_str(asked_from(&f, one, "127.0.0.2", 6001),
	       "<sip:ping@127.0.0.2:6001>;expires=61", "the other is reached there");
	mem_deref(one);
	mem_deref(other);
	fixture_close(&f);
}

static void test_keeps_connection(void)
{
	static const struct {
		const char *name, *settings;
		enum config_transport transport;
		bool listens, want;
	} cases[] = {
		{"a datagram has no connection", BINDS, UDP, false, false},
		{"only our own connection", BINDS, CONFIG_TRANSPORT_TCP, false, true},
		{"over TLS too", BINDS, CONFIG_TRANSPORT_TLS, false, true},
		{"we listen", BINDS, CONFIG_TRANSPORT_TCP, true, false},
		{"not for TLS", BINDS, CONFIG_TRANSPORT_TLS, true, true},
		{"another place is set", BINDS ", \"contact\": \"sip:us@192.0.2.1\"",
		 CONFIG_TRANSPORT_TCP, false, false},
		{"our own is set", BINDS ", \"contact\": \"sip:us@{local}\"",
		 CONFIG_TRANSPORT_TCP, false, true},
		{"a question binds nothing",
		 ", \"interval\": \"2h\", \"method\": \"REGISTER\"", CONFIG_TRANSPORT_TCP,
		 false, false},
		{"WebSocket", BINDS, CONFIG_TRANSPORT_WS, true, true},
		{"and there, whatever is set",
		 BINDS ", \"contact\": \"sip:us@192.0.2.1\"", CONFIG_TRANSPORT_WSS, false,
		 true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *listens =
			fixture_config("{\"sip\": {\"listen\": [\"tcp:127.0.0.1:0\"]}, "
				       "\"trunks\": [{\"name\": \"a\", \"uri\": "
				       "\"sip:a\"}]}");
		struct fixture f;
		struct target *t;
		char err[128];

		fixture_open(&f, UDP, cases[i].settings);
		if (cases[i].listens &&
		    !sockets_prepare(f.services.sockets, &listens->sip, f.group.tls, err,
				     sizeof(err)))
			(void)sockets_commit(f.services.sockets);
		t = fixture_target(&f, &prober_register);
		t->address.transport = cases[i].transport;
		is_int(t->prober->keeps_connection(t), cases[i].want, cases[i].name);
		t->address.transport = UDP;
		mem_deref(t);
		fixture_close(&f);
		config_free(listens);
	}
}

/* Refused at half of its time, so long before its end; interval 30 s, timeout 5 s. */
static void test_waits(void)
{
	static const struct {
		int left_s;
		const char *answer;
		int wait_ms;
		const char *name;
	} cases[] = {
		{36000, "503 Busy", 18000000, "a long time: half of it"},
		{62, "503 Busy", 31000, "half of it is more than the interval"},
		{50, "503 Busy", 30000, "the interval"},
		{35, "503 Busy", 30000, "which leaves just a timeout"},
		{34, "503 Busy", 17000, "too late: half of the time"},
		{10, "503 Busy", 5000, "half of it is just a timeout"},
		{8, "503 Busy", 30000, "no time for another try"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char fields[64];
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP,
			     ", \"interval\": \"30s\", \"timeout\": \"5s\", \"method\": "
			     "\"REGISTER\", \"register\": {\"bind\": true, \"expires\": "
			     "\"24h\", \"interval\": \"24h\"}");
		t = fixture_target(&f, &prober_register);
		fixture_probe(t);
		(void)fixture_drain(&f);
		(void)snprintf(fields, sizeof(fields), "Expires: %d\r\n",
			       2 * cases[i].left_s);
		fixture_reply(&f, "200 OK", fields);
		pass_ms(1000LL * cases[i].left_s);
		is_int(fixture_drain(&f), 1, "renewed");
		fixture_reply(&f, cases[i].answer, "");
		is_int((t->prober->due_ns(t) - virtual_now_ns) / CLOCK_NS_PER_MS,
		       cases[i].wait_ms, cases[i].name);
		mem_deref(t);
		fixture_close(&f);
	}
}

/* Refused credentials at a higher rate would only get us locked out. */
static void test_waits_of_refused(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP,
		     ", \"interval\": \"30s\", \"timeout\": \"5s\", \"method\": "
		     "\"REGISTER\", \"register\": {\"bind\": true, \"expires\": \"24h\", "
		     "\"interval\": \"24h\"}, "
		     "\"auth\": {\"username\": \"u\", \"password\": \"p\"}");
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	(void)fixture_drain(&f);
	fixture_reply(&f, "200 OK", "Expires: 68\r\n");
	pass_ms(34000);
	(void)fixture_drain(&f);
	fixture_reply(&f, "401 Unauthorized", "");
	ok(t->refused, "refused, with 34 s left");
	is_int((t->prober->due_ns(t) - virtual_now_ns) / CLOCK_NS_PER_S, 30,
	       "not before the interval");
	mem_deref(t);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_moving,	       test_fixed, test_shared,
		test_keeps_connection, test_waits, test_waits_of_refused,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

/* What arrives on a connection, beside what arrives as a datagram. */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/trunk/other.h"
#include "tests/unit/sipprobe/trunk/wire.h"

#define TCP CONFIG_TRANSPORT_TCP

static void arrive(struct fixture *f, struct stream *s, const char *method,
		   const char *uri, const char *fields)
{
	char buf[FIXTURE_TEXT];
	struct guard_message m;

	if (guard_stream(&m, buf, request(buf, method, uri, fields), NULL))
		puts("# guard_stream failed");
	demux_arrivals.request_h(s, TCP, &m, f->demux);
}

/* One that ends the connection is counted as malformed by whoever ends it. */
static void test_requests(void)
{
	static const struct {
		const char *method, *uri, *fields, *strangers, *told, *answer;
	} cases[] = {
		{"OPTIONS", "sip:us", "", "stranger", "inbound isp OPTIONS 200",
		 "SIP/2.0 200 "},
		{"INVITE", "sip:us", "", "stranger", "inbound isp INVITE 405",
		 "SIP/2.0 405 "},
		{"OPTIONS", "<sip:us>", "", "malformed",
		 "malformed, inbound isp OPTIONS 400", "SIP/2.0 400 "},
		{"OPTIONS", "sip:us", "Content-Length: 9\r\n", "stranger",
		 "inbound isp OPTIONS 400", "SIP/2.0 400 "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t;
		struct wire w;

		fixture_open(&f, TCP, CALM);
		wire_open(&w, &f, true);
		arrive(&f, w.ours, cases[i].method, cases[i].uri, cases[i].fields);
		is_str(fixture_told(&f), cases[i].strangers, "nobody's");
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		arrive(&f, w.ours, cases[i].method, cases[i].uri, cases[i].fields);
		is_str(fixture_told(&f), cases[i].told, "a peer's");
		loop_until(wire_has_message, &w);
		is_int(w.messages, 1, "has the only answer");
		w.got[strlen(cases[i].answer)] = '\0';
		is_str(w.got, cases[i].answer, "which is that");
		mem_deref(t);
		wire_close(&w);
		fixture_close(&f);
	}
}

/*
 * Where we say that we can be reached: where the peer called us, or on a connection of
 * ours at the port that we listen on, if we do.
 */
static void test_contact(void)
{
	static const struct {
		const char *name;
		bool accepted, listening;
	} cases[] = {
		{"where it called us", true, true},
		{"where we listen", false, true},
		{"nowhere else than here", false, false},
	};
	struct config *listens =
		fixture_config("{\"sip\": {\"listen\": [\"tcp:127.0.0.1:0\"]}, "
			       "\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a\"}]}");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char err[128], want[64];
		struct fixture f;
		struct target *t;
		struct wire w;
		uint16_t port;

		fixture_open(&f, TCP, CALM ", \"contact\": \"sip:us@{local}\"");
		if (cases[i].listening) {
			(void)sockets_prepare(f.services.sockets, &listens->sip,
					      f.group.tls, err, sizeof(err));
			(void)sockets_commit(f.services.sockets);
		}
		t = fixture_target(&f, &prober_options);
		wire_open(&w, &f, cases[i].accepted);
		port = cases[i].listening && !cases[i].accepted
			       ? sockets_stream_port(f.services.sockets, TCP,
						     &f.address.sa)
			       : sa_port(stream_local(w.ours));
		arrive(&f, w.ours, "OPTIONS", "sip:us", "");
		loop_until(wire_has_message, &w);
		(void)snprintf(want, sizeof(want), "\r\nContact: <sip:us@127.0.0.1:%u>",
			       port);
		ok(strstr(w.got, want) != NULL, "%s", cases[i].name);
		wire_close(&w);
		mem_deref(t);
		fixture_close(&f);
	}
	config_free(listens);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_requests,
		test_contact,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

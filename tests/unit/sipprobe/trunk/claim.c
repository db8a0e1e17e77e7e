/* Whose request it is: the connection, the certificate, the transport, our end, the port.
 */
#include "tests/unit/sipprobe/trunk/other.h"
#include "tests/unit/sipprobe/trunk/wire.h"

#define UDP CONFIG_TRANSPORT_UDP

/* One SBC, several trunks: the end where it arrives says which of them. */
static void test_local(void)
{
	static const struct {
		const char *name, *at;
		const char *told;
		unsigned seen[3];
	} cases[] = {
		{"the first's address", "127.0.0.2", "inbound first OPTIONS 200", {1}},
		{"the second's", "127.0.0.3", "inbound second OPTIONS 200", {0, 1}},
		{"an address of none", "127.0.0.4", "inbound any OPTIONS 200", {0, 0, 1}},
	};
	char buf[FIXTURE_TEXT];
	size_t len = request(buf, "OPTIONS", "sip:us", "");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct other o[3];
		struct fixture f;

		fixture_open(&f, UDP, CALM);
		other_open(&o[0], &f.group, "first", &f.address,
			   ", \"local\": {\"address\": \"127.0.0.2\"}");
		other_open(&o[1], &f.group, "second", &f.address,
			   ", \"local\": {\"address\": \"127.0.0.3\"}");
		other_open(&o[2], &f.group, "any", &f.address, "");
		f.services.inbound_sensitive = 2;
		(void)fixture_told(&f);
		demux_arrivals.datagram_h(our_socket(&f, cases[i].at), &f.address.sa, buf,
					  len, 0, f.demux);
		is_str(fixture_told(&f), cases[i].told, cases[i].name);
		for (int k = 0; k < 3; k++)
			is_int(o[k].seen, cases[i].seen[k], "a sign of life, or not");
		fixture_drain(&f);
		ok(!strncmp(f.got, "SIP/2.0 200 ", 12), "answered");
		for (int k = 0; k < 3; k++)
			other_close(&o[k]);
		fixture_close(&f);
	}
}

/* Trunks that cannot be told apart: all of them are alive, the first is told. */
static void test_shared(void)
{
	char buf[FIXTURE_TEXT];
	struct other o[2];
	struct fixture f;
	struct udp *u;
	size_t len;

	fixture_open(&f, UDP, CALM);
	other_open(&o[0], &f.group, "first", &f.address, "");
	other_open(&o[1], &f.group, "second", &f.address, "");
	f.services.inbound_sensitive = 1;
	u = our_socket(&f, "127.0.0.1");
	(void)fixture_told(&f);
	len = request(buf, "OPTIONS", "sip:us", "");
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_str(fixture_told(&f), "inbound first OPTIONS 200", "the first is told");
	is_int(o[0].seen * 10 + o[1].seen, 11, "and both are alive");
	len = request(buf, "INVITE", "sip:us", "");
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_int(o[0].seen * 10 + o[1].seen, 11, "OPTIONS alone is a sign of life");
	f.services.inbound_sensitive = 0;
	len = request(buf, "OPTIONS", "sip:us", "");
	demux_arrivals.datagram_h(u, &f.address.sa, buf, len, 0, f.demux);
	is_int(o[0].seen * 10 + o[1].seen, 11, "which nobody counts unless asked to");
	other_close(&o[0]);
	other_close(&o[1]);
	fixture_close(&f);
}

/* One address and port, two transports. */
static void test_transport(void)
{
	struct resolve_address tcp;
	char buf[FIXTURE_TEXT];
	struct other o[2];
	struct fixture f;

	fixture_open(&f, UDP, CALM);
	tcp = f.address;
	tcp.transport = CONFIG_TRANSPORT_TCP;
	other_open(&o[0], &f.group, "tcp", &tcp, "");
	other_open(&o[1], &f.group, "udp", &f.address, "");
	for (unsigned sensitive = 0; sensitive < 2; sensitive++) {
		f.services.inbound_sensitive = sensitive;
		(void)fixture_told(&f);
		demux_arrivals.datagram_h(our_socket(&f, "127.0.0.1"), &f.address.sa, buf,
					  request(buf, "OPTIONS", "sip:us", ""), 0,
					  f.demux);
		is_str(fixture_told(&f), "inbound udp OPTIONS 200",
		       "the trunk of the transport that it came by");
	}
	other_close(&o[0]);
	other_close(&o[1]);
	fixture_close(&f);
}

/* Among trunks of one address over UDP: our end, and then the port it came from. */
static void test_port(void)
{
	static const struct {
		const char *name;
		int ports[2]; /* from the peer's on */
		const char *settings[2];
		const char *told;
		unsigned seen[2];
	} cases[] = {
		{"the port that it came from", {1, 0}, {"", ""}, "b", {0, 1}},
		{"no trunk's port: the first", {1, 2}, {"", ""}, "a", {1, 1}},
		{"our end before the port",
		 {0, 1},
		 {"", ", \"local\": {\"address\": \"127.0.0.1\"}"},
		 "b",
		 {0, 1}},
	};
	char buf[FIXTURE_TEXT], told[64];
	size_t len = request(buf, "OPTIONS", "sip:us", "");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct other o[2];
		struct fixture f;

		fixture_open(&f, UDP, CALM);
		for (int k = 0; k < 2; k++) {
			struct resolve_address at = f.address;
			int port = sa_port(&at.sa) + cases[i].ports[k];

			sa_set_port(&at.sa, (uint16_t)port);
			other_open(&o[k], &f.group, k ? "b" : "a", &at,
				   cases[i].settings[k]);
		}
		f.services.inbound_sensitive = 1;
		(void)fixture_told(&f);
		demux_arrivals.datagram_h(our_socket(&f, "127.0.0.1"), &f.address.sa, buf,
					  len, 0, f.demux);
		(void)snprintf(told, sizeof(told), "inbound %s OPTIONS 200",
			       cases[i].told);
		is_str(fixture_told(&f), told, cases[i].name);
		for (int k = 0; k < 2; k++) {
			is_int(o[k].seen, cases[i].seen[k], "a sign of life, or not");
			other_close(&o[k]);
		}
		fixture_close(&f);
	}
}

/* Whose a ping is that comes over TCP, among the trunks of one address. */
static const struct stream_case {
	const char *name;
	enum config_transport trunks[3]; /* NONE: no more */
	const char *settings[3];
	unsigned sensitive;
	const char *told;
	unsigned seen[3];
} stream_cases[] = {
	{"the one over TCP", {1, 2}, {"", ""}, 1, "b", {0, 1}},
	{"nobody looks closer", {1, 2}, {"", ""}, 0, "b", {0, 0}},
	{"among three", {3, 1, 2}, {"", "", ""}, 1, "c", {0, 0, 1}},
	{"over UDP alone: whose else", {1}, {""}, 1, "a", {1}},
	{"two over TCP that are alike", {2, 2}, {"", ""}, 1, "a", {1, 1}},
	{"our end before the order",
	 {2, 2},
	 {"", ", \"local\": {\"address\": \"127.0.0.1\"}"},
	 1,
	 "b",
	 {0, 1}},
	{"our end before the order, and none's",
	 {2, 2},
	 {", \"local\": {\"address\": \"127.0.0.9\"}", ""},
	 1,
	 "b",
	 {0, 1}},
	{"transport before our end",
	 {1, 2},
	 {", \"local\": {\"address\": \"127.0.0.1\"}", ""},
	 1,
	 "b",
	 {0, 1}},
	{"the port that another leaves from is no other end",
	 {2, 2},
	 {", \"local\": {\"port\": 9}", ""},
	 1,
	 "a",
	 {1, 1}},
};

static void check_stream(const struct stream_case *c, const struct guard_message *m)
{
	static const char *const names[] = {"a", "b", "c"};
	struct other o[3];
	struct fixture f;
	struct wire w;
	char told[64];
	int count = 0;

	fixture_open(&f, CONFIG_TRANSPORT_TCP, CALM);
	for (; count < 3 && c->trunks[count]; count++) {
		struct resolve_address at = f.address;

		at.transport = c->trunks[count];
		other_open(&o[count], &f.group, names[count], &at, c->settings[count]);
	}
	f.services.inbound_sensitive = c->sensitive;
	wire_open(&w, &f, true);
	(void)fixture_told(&f);
	demux_arrivals.request_h(w.ours, CONFIG_TRANSPORT_TCP, m, f.demux);
	(void)snprintf(told, sizeof(told), "inbound %s OPTIONS 200", c->told);
	is_str(fixture_told(&f), told, c->name);
	for (int k = 0; k < count; k++)
		is_int(o[k].seen, c->seen[k], "a sign of life, or not");
	wire_close(&w);
	for (int k = 0; k < count; k++)
		other_close(&o[k]);
	fixture_close(&f);
}

static void test_streams(void)
{
	char buf[FIXTURE_TEXT];
	struct guard_message m;

	(void)!guard_stream(&m, buf, request(buf, "OPTIONS", "sip:us", ""), NULL);
	for (size_t i = 0; i < sizeof(stream_cases) / sizeof(stream_cases[0]); i++)
		check_stream(&stream_cases[i], &m);
}

/* The port that a peer connects from is any: no trunk is the likelier for it. */
static void test_accepted_port(void)
{
	char buf[FIXTURE_TEXT];
	struct resolve_address at;
	struct guard_message m;
	struct other o[3];
	struct fixture f;
	struct wire w;

	(void)!guard_stream(&m, buf, request(buf, "OPTIONS", "sip:us", ""), NULL);
	fixture_open(&f, CONFIG_TRANSPORT_TCP, CALM);
	wire_open(&w, &f, true);
	at = f.address;
	other_open(&o[0], &f.group, "first", &at, "");
	sa_set_port(&at.sa, sa_port(stream_peer(w.ours)));
	other_open(&o[1], &f.group, "its port", &at, "");
	sa_set_port(&at.sa, 1);
	other_open(&o[2], &f.group, "port 1", &at, "");
	for (unsigned sensitive = 0; sensitive < 2; sensitive++) {
		f.services.inbound_sensitive = sensitive;
		(void)fixture_told(&f);
		demux_arrivals.request_h(w.ours, CONFIG_TRANSPORT_TCP, &m, f.demux);
		is_str(fixture_told(&f), "inbound first OPTIONS 200", "the first");
	}
	is_int(o[0].seen * 100 + o[1].seen * 10 + o[2].seen, 111, "all are alive");
	wire_close(&w);
	for (int i = 0; i < 3; i++)
		other_close(&o[i]);
	fixture_close(&f);
}

/* A connection that a trunk opened is that trunk's, for as long as it is there. */
static void test_opener(void)
{
	char buf[FIXTURE_TEXT];
	struct guard_message m;
	struct other o[2];
	struct fixture f;
	struct wire w;

	(void)!guard_stream(&m, buf, request(buf, "OPTIONS", "sip:us", ""), NULL);
	fixture_open(&f, CONFIG_TRANSPORT_TCP, CALM);
	other_open(&o[0], &f.group, "first", &f.address, "");
	other_open(&o[1], &f.group, "second", &f.address, "");
	wire_open(&w, &f, false);
	stream_mark(w.ours)->opener = o[1].target;
	for (unsigned sensitive = 0; sensitive < 2; sensitive++) {
		f.services.inbound_sensitive = sensitive;
		(void)fixture_told(&f);
		demux_arrivals.request_h(w.ours, CONFIG_TRANSPORT_TCP, &m, f.demux);
		is_str(fixture_told(&f), "inbound second OPTIONS 200", "the opener's");
	}
	is_int(o[0].seen * 10 + o[1].seen, 11, "and who is alike is alive, too");
	wire_close(&w);
	other_close(&o[0]);
	other_close(&o[1]);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_local,   test_shared,	  test_transport, test_port,
		test_streams, test_accepted_port, test_opener,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

/* SIP URIs as they are split. Those that are refused stand in tests/data/bad/uri_*. */
#include <stdlib.h>

#include "config/uri.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text, *user, *host, *params, *maddr;
	unsigned port;
	enum config_transport transport;
	bool sips, ipv4, ipv6;
} cases[] = {
	{"sip:a.example", "", "a.example", "", "", 0, 0, 0, 0, 0},
	{"SIPS:a.example.", "", "a.example.", "", "", 0, 3, 1, 0, 0},
	{"sip:ping@a_b.example:5070", "ping", "a_b.example", "", "", 5070, 0, 0, 0, 0},
	{"sip:a:b@192.0.2.1:1;lr", "a:b", "192.0.2.1", ";lr", "", 1, 0, 0, 1, 0},
	{"sip:[::1]:65535", "", "::1", "", "", 65535, 0, 0, 0, 1},
	{"sip:[fe80::1%eth0.5];transport=TCP", "", "fe80::1%eth0.5", ";transport=TCP", "",
	 0, 2, 0, 0, 1},
	{"sip:a;transport=udp", "", "a", ";transport=udp", "", 0, 1, 0, 0, 0},
	{"sip:a;Transport=Tls;maddr=[::2]", "", "a", ";Transport=Tls;maddr=[::2]", "::2",
	 0, 3, 0, 0, 0},
	{"sips:a;transport=tcp", "", "a", ";transport=tcp", "", 0, 3, 1, 0, 0},
	{"sip:1;x=y?/@a;maddr=b.example", "1;x=y?/", "a", ";maddr=b.example", "b.example",
	 0, 0, 0, 0, 0},
	{"sip:%40%3B@1a.2b", "%40%3B", "1a.2b", "", "", 0, 0, 0, 0, 0},
};

static bool slice_is(struct config_slice s, const char *want)
{
	return s.l == strlen(want) && !memcmp(s.p ? s.p : "", want, s.l);
}

static void check_split(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_uri u;
		const char *t = cases[i].text;

		is_str(config_uri_parse(t, &u), NULL, t);
		ok(slice_is(u.user, cases[i].user), "%s: user", t);
		ok(slice_is(u.host, cases[i].host), "%s: host", t);
		ok(slice_is(u.params, cases[i].params), "%s: parameters", t);
		ok(slice_is(u.maddr, cases[i].maddr), "%s: maddr", t);
		is_int(u.port, cases[i].port, t);
		is_int(u.transport, cases[i].transport, t);
		ok(u.sips == cases[i].sips && u.ipv4 == cases[i].ipv4 &&
			   u.ipv6 == cases[i].ipv6,
		   "%s: sips, ipv4, ipv6", t);
	}
}

/* No byte may stand in a URI that would end it, or its line, in a SIP message. */
static void check_bytes(void)
{
	static const char *const around[] = {"sip:%ca.example", "sip:a%cb@c.example",
					     "sip:a.example;x=a%cb",
					     "sip:a.example:50%c60"};
	struct config_uri u;
	char text[64];
	unsigned taken = 0;

	for (unsigned c = 1; c < 256; c++) {
		for (size_t i = 0; i < 4; i++) {
			char *p = strcpy(text, around[i]);

			p = strstr(p, "%c");
			p[0] = (char)c;
			memmove(p + 1, p + 2, strlen(p + 2) + 1);
			if (!config_uri_parse(text, &u))
				taken += c <= ' ' || c >= 0x7f ||
					 strchr("<>\"{}|\\^`", (int)c);
		}
	}
	is_int(taken, 0, "bytes that have no place in a URI are refused everywhere");
}

static void check_untouched(void)
{
	struct config_uri u, before;

	memset(&u, 0x5a, sizeof(u));
	memcpy(&before, &u, sizeof(u));
	ok(config_uri_parse("sip:a.example:0", &u), "refused");
	ok(!memcmp((void *)&u, (void *)&before, sizeof(u)), "nothing written on failure");
}

static void check_host(void)
{
	ok(!config_host_check("sbc.example") && !config_host_check("::1") &&
		   !config_host_check("192.0.2.1"),
	   "hosts");
	ok(config_host_check("a:5060") && config_host_check("[::1]") &&
		   config_host_check("") && config_host_check("192.0.2.999"),
	   "no hosts");
}

int main(void)
{
	check_split();
	check_bytes();
	check_untouched();
	check_host();
	return tap_done();
}

/* Where a probe on demand may go: its host, its maddr, its addresses, a proxy. */
#include "config/access.h"
#include "sipprobe/engine/ondemand_private.h"
#include "tests/unit/tap.h"

static const struct {
	const char *uri;
	bool literal;
	bool name; /* the host may be asked for */
} hosts[] = {
	{"sip:192.0.2.1", true, true},
	{"sip:198.51.100.1", true, true}, /* whether it may be probed is asked later */
	{"sip:[2001:db8::1]:5061", true, true},
	{"sip:sbc.example.com", false, true},
	{"sip:SBC.example.com:5080", false, true},
	{"sip:other.example.com", false, false},
	{"sip:sbc.example.com;maddr=192.0.2.1", true, true},
	{"sip:sbc.example.com;maddr=evil.example", false, false},
	{"sip:evil.example;maddr=sbc.example.com", false, true},
	{"sip:a12345678901234567890123456789012345678901234567890123456789.b.example",
	 false, false},
};

static const struct {
	const char *uri;
	const char *proxy;
	const char *addresses[3]; /* that the name has, or the URI says */
	bool inside;
	const char *outside; /* the one that is not */
} places[] = {
	{"sip:192.0.2.1", NULL, {"192.0.2.1"}, true, NULL},
	{"sip:192.0.3.1", NULL, {"192.0.3.1"}, false, "192.0.3.1"},
	{"sip:[2001:db8::1]", NULL, {"2001:db8::1"}, true, NULL},
	{"sip:[2001:db9::1]", NULL, {"2001:db9::1"}, false, "2001:db9::1"},
	{"sip:[::ffff:192.0.2.1]", NULL, {"::ffff:192.0.2.1"}, true, NULL},
	{"sip:sbc.example.com", NULL, {"8.8.8.8", "192.0.2.1"}, true, NULL},
	{"sip:sbc.example.com", NULL, {"8.8.8.8", "127.0.0.1"}, false, "127.0.0.1"},
	{"sip:sbc.example.com", NULL, {"127.0.0.1", "8.8.8.8"}, false, "127.0.0.1"},
	{"sip:sbc.example.com", NULL, {"::1"}, false, "::1"},
	{"sip:sbc.example.com", NULL, {NULL}, true, NULL},
	/* The proxy is the configuration's; where it sends on to is asked of the URI. */
	{"sip:192.0.2.1", "sip:127.0.0.1", {"127.0.0.1"}, true, NULL},
	{"sip:192.0.3.1", "sip:127.0.0.1", {"127.0.0.1"}, false, "192.0.3.1"},
	{"sip:sbc.example.com", "sip:127.0.0.1", {"127.0.0.1"}, true, NULL},
	{"sip:a.example;maddr=192.0.3.1",
	 "sip:127.0.0.1",
	 {"127.0.0.1"},
	 false,
	 "192.0.3.1"},
};

static struct config_allow entries[3];
static const struct config_probe access = {entries, 3, 1};

static struct ondemand probe_of(const char *uri, const char *proxy)
{
	struct ondemand o = {.access = &access};

	if (config_uri_parse(uri, &o.uri))
		ok(false, "%s is a URI", uri);
	o.settings.outbound_proxy = proxy;
	return o;
}

static void test_hosts(void)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		struct ondemand o = probe_of(hosts[i].uri, NULL);

		is_int(ondemand_is_literal(&o.uri), hosts[i].literal, hosts[i].uri);
		is_int(ondemand_name_allowed(&o), hosts[i].name, "it may be asked for");
		o.access = NULL;
		ok(ondemand_name_allowed(&o), "without a list anything may");
	}
}

static void test_places(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct ondemand o = probe_of(places[i].uri, places[i].proxy);
		struct resolve_address list[3] = {0};
		struct resolve_result res = {.addresses = list};
		struct sa outside = {0};
		char text[64] = "";

		for (; res.count < 3 && places[i].addresses[res.count]; res.count++)
			if (sa_set_str(&list[res.count].sa,
				       places[i].addresses[res.count], 5060))
				ok(false, "an address");
		is_int(ondemand_inside(&o, &res, &outside), places[i].inside,
		       places[i].uri);
		if (places[i].outside) {
			(void)sa_ntop(&outside, text, sizeof(text));
			is_str(text, places[i].outside, "which is told");
		}
		o.access = NULL;
		ok(ondemand_inside(&o, &res, &outside), "without a list anything is");
	}
}

int main(void)
{
	(void)config_allow_parse(&entries[0], "192.0.2.0/24");
	(void)config_allow_parse(&entries[1], "2001:db8::/32");
	(void)config_allow_parse(&entries[2], "sbc.example.com");
	test_hosts();
	test_places();
	return tap_done();
}

/* Durations, codes, sets of strings, comparing trunks. */
#include <stdlib.h>

#include "base/suggest.h"
#include "config/config.h"
#include "config/reader/pool.h"
#include "config/value.h"
#include "tests/unit/tap.h"

static void check_durations(void)
{
	static const struct {
		const char *text;
		long long us;
		const char *back;
	} cases[] = {
		{"30s", 30000000, "30s"},
		{"1m30s", 90000000, "1m30s"},
		{"1.5s", 1500000, "1s500ms"},
		{"500ms", 500000, "500ms"},
		{"0.25m", 15000000, "15s"},
		{"1h0.5m", 3630000000, "1h30s"},
		{"0s", 0, "0ms"},
		{"90s", 90000000, "1m30s"},
		{"0.000001s", 1, "0ms"},
		{"0.0000001s", 0, "0ms"},
		{"0.999999999h", 3599999996, "59m59s999ms"},
		{"999999999h", 3599999996400000000, "999999999h"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us = -1;

		is_str(value_duration(&us, cases[i].text), NULL, cases[i].text);
		is_int(us, cases[i].us, cases[i].text);
		is_str(duration_text(us).s, cases[i].back, cases[i].text);
	}
}

static void check_codes(void)
{
	struct config_codes c = {{0}};
	unsigned count = 0;

	ok(!value_codes(&c, "2xx") && !value_codes(&c, "404") &&
		   !value_codes(&c, "680-699") && !value_code(&c, 503),
	   "codes taken");
	for (unsigned i = 0; i < 1000; i++)
		count += config_codes_has(&c, i);
	is_int(count, 100 + 1 + 20 + 1, "all of them and no other");
	ok(config_codes_has(&c, 200) && config_codes_has(&c, 299) &&
		   !config_codes_has(&c, 199) && !config_codes_has(&c, 300) &&
		   config_codes_has(&c, 699) && !config_codes_has(&c, 700),
	   "borders");
	ok(!config_codes_has(&c, 0xffffffff), "any number may be asked for");
}

static void check_percents(void)
{
	static const struct {
		const char *text;
		double share; /* -1: none */
	} cases[] = {{"1%", 0.01},     {"0%", 0},    {"100%", 1},
		     {"12.5%", 0.125}, {"101%", -1}, {"1", -1},
		     {"%", -1},	       {"-1%", -1},  {"1.2.3%", -1},
		     {"1%%", -1},      {"1e1%", -1}, {"00000000000000001%", -1}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double share = -1;
		bool good = !value_percent(&share, cases[i].text);

		ok(good == (cases[i].share >= 0) && share == cases[i].share, "%s: %g",
		   cases[i].text, share);
	}
}

static void check_dscps(void)
{
	static const struct {
		const char *text;
		unsigned dscp; /* 99: none */
	} cases[] = {{"DF", 0},	   {"LE", 1},	 {"EF", 46},  {"CS3", 24},
		     {"AF43", 38}, {"AF44", 99}, {"cs3", 99}, {"", 99}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned dscp = 99;
		bool good = !value_dscp(&dscp, cases[i].text);

		ok(good == (cases[i].dscp != 99) && dscp == cases[i].dscp, "DSCP '%s'",
		   cases[i].text);
	}
}

/* C0, DEL and C1, the latter in UTF-8 after 0xc2, and nothing else that begins so. */
static void check_printable(void)
{
	static const char *const good[] = {"", " a~", "\302\240a", "\303\205",
					   "a\302\277"};
	static const char *const bad[] = {"a\n", "\037", "\177", "a\302\205z",
					  "\302\237"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(!value_printable(good[i]), "printable %zu", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(value_printable(bad[i]) != NULL, "not printable %zu", i);
}

static void check_listen(void)
{
	static const struct {
		const char *text, *host;
		int port; /* -1: not taken */
	} cases[] = {
		{"udp:0.0.0.0:5060", "0.0.0.0", 5060},
		{"tcp:127.0.0.1:0", "127.0.0.1", 0},
		{"tls:[::]:5061", "::", 5061},
		{"udp:[fe80::1%eth0]:5060", "fe80::1%eth0", 5060},
		{"udp:[fe80::1%2]:65535", "fe80::1%2", 65535},
		{"udp:[fe80::1%]:5060", NULL, -1},
		{"udp:[%eth0]:5060", NULL, -1},
		{"udp:192.0.2.1%eth0:5060", NULL, -1},
		{"udp:[192.0.2.1]:5060", NULL, -1},
		{"udp:fe80::1:5060", NULL, -1},
		{"udp:[]:5060", NULL, -1},
		{"udp::5060", NULL, -1},
		{"udp:localhost:5060", NULL, -1},
		{"udp:0.0.0.0:65536", NULL, -1},
		{"udp:0.0.0.0:5060x", NULL, -1},
		{"udp:0.0.0.0:", NULL, -1},
		{"udp:0.0.0.0", NULL, -1},
		{"sctp:0.0.0.0:5060", NULL, -1},
		{"0.0.0.0:5060", NULL, -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_listen l = {.port = 1};
		const char *host, *why;
		char text[64];
		size_t len;

		why = value_listen(&l, &host, &len, cases[i].text);
		if (cases[i].port < 0) {
			ok(why && l.port == 1, "%s is refused", cases[i].text);
			continue;
		}
		is_str(why, NULL, cases[i].text);
		(void)snprintf(text, sizeof(text), "%.*s", (int)len, host);
		is_str(text, cases[i].host, "its address");
		is_int(l.port, cases[i].port, "its port");
	}
}

static void check_pool(void)
{
	struct arena arena = {0};
	struct pool pool = {.arena = &arena};
	const char *first[3000];
	char text[32];
	unsigned same = 0;

	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "string %d", i);
		first[i] = pool_string(&pool, text, strlen(text));
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "string %d", i);
		same += first[i] == pool_string(&pool, text, strlen(text)) &&
			!strcmp(first[i], text);
	}
	is_int(same, 3000, "equal strings are stored once");
	is_int((long long)pool.strings.used, 3000, "and counted once");
	pool_free(&pool);
	ok(!strcmp(first[2999], "string 2999"), "strings outlive the pool");
	arena_free(&arena);
}

static void check_suggest(void)
{
	static const struct {
		const char *word, *best;
	} cases[] = {
		{"intervall", "interval"}, {"tiemout", "timeout"},
		{"LABELS", "labels"},	   {"uir", "uri"},
		{"nmae", "name"},	   {"q", NULL},
		{"password", NULL},	   {"down_intreval", "down_interval"},
	};
	static const char *const known[] = {"interval", "timeout",	 "labels", "uri",
					    "name",	"down_interval", "rise"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct suggest s = {.word = cases[i].word};

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			suggest_offer(&s, known[k]);
		is_str(s.best, cases[i].best, cases[i].word);
	}
}

static struct config *parse(const char *extra)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a.example\"%s}]}",
		 extra);
	config_parse(&c, text, strlen(text), NULL, &errs);
	config_errors_print(&errs, stdout);
	config_errors_clear(&errs);
	return c;
}

/* Each differs from all others; written another way it is the same again. */
static void check_equal(void)
{
	static const char *const ways[][2] = {
		{"", ", \"interval\": \"30s\""},
		{", \"interval\": \"1m\"", ", \"interval\": \"60s\""},
		{", \"down_interval\": \"11s\"", ",\"down_interval\":\"11000ms\""},
		{", \"timeout\": \"4s\"", ",\"timeout\":\"4.0s\""},
		{", \"t1\": \"400ms\"", ",\"t1\":\"0.4s\""},
		{", \"fall\": 4", ",\"fall\":4.0"},
		{", \"rise\": 4", ",\"rise\":4e0"},
		{", \"max_forwards\": 4", ",\"max_forwards\":4"},
		{", \"connection\": \"reuse\"", ",\"connection\":\"reuse\""},
		{", \"family\": \"ipv4\"", ",\"family\":\"ipv4\""},
		{", \"up_when\": \"all\"", ",\"up_when\":\"all\""},
		{", \"up_codes\": [200, 201]", ",\"up_codes\":[\"200-201\"]"},
		{", \"degraded_codes\": []", ",\"degraded_codes\":[]"},
		{", \"request_uri\": \"sip:b\"", ",\"request_uri\":\"sip:b\""},
		{", \"from\": \"sip:b\"", ",\"from\":\"sip:b\""},
		{", \"to\": \"sip:b\"", ",\"to\":\"sip:b\""},
		{", \"contact\": \"sip:b\"", ",\"contact\":\"sip:b\""},
		{", \"user_agent\": \"b\"", ",\"user_agent\":\"\\u0062\""},
		{", \"route\": [\"sip:b\"]", ",\"route\":[\"sip:b\"]"},
		{", \"route\": [\"sip:c\"]", ",\"route\":[\"sip:c\"]"},
		{", \"headers\": {\"X\": \"b\"}", ",\"headers\":{\"X\":\"b\"}"},
		{", \"headers\": {\"X\": \"c\"}", ",\"headers\":{\"X\":\"c\"}"},
		{", \"labels\": {\"x\": \"b\", \"y\": \"c\"}",
		 ",\"labels\":{\"y\":\"c\",\"x\":\"b\"}"},
		{", \"labels\": {\"x\": \"c\", \"y\": \"c\"}",
		 ",\"labels\":{\"y\":\"c\",\"x\":\"c\",\"z\":\"\"}"},
		{", \"tls\": {\"server_name\": \"b\"}",
		 ",\"tls\":{\"server_name\":\"b\"}"},
		{", \"tls\": {\"ciphers\": \"b\"}", ",\"tls\":{\"ciphers\":\"b\"}"},
		{", \"tls\": {\"min_version\": \"TLS1.3\"}",
		 ",\"tls\":{\"min_version\":\"TLS1.3\"}"},
		{", \"tls\": {\"ca_file\": \"/dev/null\"}",
		 ",\"tls\":{\"ca_file\":\"/dev/null\"}"},
		{", \"tls\": {\"insecure_skip_verify\": true}",
		 ",\"tls\":{\"insecure_skip_verify\":true}"},
	};
	enum { COUNT = sizeof(ways) / sizeof(ways[0]) };
	struct config *c[COUNT][2];
	unsigned wrong = 0;

	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < 2; k++)
			c[i][k] = parse(ways[i][k]);
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < COUNT; k++)
			if (config_trunk_equal(c[i][0]->trunks, c[k][1]->trunks) !=
			    (i == k)) {
				printf("# %s and %s\n", ways[i][0], ways[k][1]);
				wrong++;
			}
	is_int(wrong, 0, "trunks are equal exactly when they are probed and shown alike");
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < 2; k++)
			config_free(c[i][k]);
}

int main(void)
{
	check_durations();
	check_codes();
	check_percents();
	check_dscps();
	check_printable();
	check_listen();
	check_pool();
	check_suggest();
	check_equal();
	return tap_done();
}

/* Durations, codes, addresses, names, sets of strings. */

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
		{"1s500ms", 1500000, "1s500ms"},
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

/* Each unit once, the larger first. */
static void check_no_durations(void)
{
	static const char *const cases[] = {"1h1h", "1m1m",  "1s1s", "1ms1ms", "1m1h",
					    "1s1m", "1ms1s", "1s1h", "1ms1h"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us = -1;

		ok(value_duration(&us, cases[i]) && us == -1, "%s is none", cases[i]);
	}
}

static void check_single_codes(void)
{
	static const struct {
		double code;
		bool good;
	} cases[] = {{200, true},  {699, true},	  {503, true},
		     {199, false}, {700, false},  {200.5, false},
		     {0, false},   {-404, false}, {1e300, false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_codes c = {{0}};
		unsigned count = 0;

		ok(!value_code(&c, cases[i].code) == cases[i].good, "code %g",
		   cases[i].code);
		for (unsigned k = 0; k < 1000; k++)
			count += config_codes_has(&c, k);
		ok(count == cases[i].good &&
			   (!count || config_codes_has(&c, (unsigned)cases[i].code)),
		   "and no other");
	}
}

static void check_no_codes(void)
{
	static const char *const cases[] = {
		"",	  "40",	     "40x",	 "4x",	    "4xxx",    "404x",
		"1xx",	  "7xx",     "0404",	 "199-200", "699-700", "500-499",
		"404-40", "404-4x6", "404-4066", "404:406", "404-",    "44xx",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_codes c = {{0}};
		unsigned count = 0;

		ok(value_codes(&c, cases[i]), "\"%s\" is no code", cases[i]);
		for (unsigned k = 0; k < 1000; k++)
			count += config_codes_has(&c, k);
		is_int(count, 0, "and none is set");
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
		{"udp:0.0.0.0:005060", NULL, -1},
		{"udp:[:5060", NULL, -1},
		{"udp:]:5060", NULL, -1},
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

static void check_servers(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"192.0.2.53", true},
		{"2001:db8::53", true},
		{"192.0.2.53@1", true},
		{"2001:db8::53@65535", true},
		{"192.0.2.53@0", false},
		{"192.0.2.53@65536", false},
		{"192.0.2.53@005353", false},
		{"192.0.2.53@", false},
		{"192.0.2.53@x", false},
		{"@53", false},
		{"", false},
		{"[2001:db8::53]", false},
		{"dns.example", false},
		/* longer by one than an address can be */
		{"2001:db8:0:0000:0000:0000:0:255.255.255.255000", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(!value_server(cases[i].text), cases[i].good, cases[i].text);
}

/* @check: of names of at most 128 characters */
static void check_names(const char *(*check)(const char *), const char *const *good,
			const char *const *bad)
{
	char text[130];

	for (; *good; good++)
		is_str(check(*good), NULL, *good);
	for (; *bad; bad++)
		ok(check(*bad), "\"%s\" is no name", *bad);
	memset(text, 'a', sizeof(text));
	text[129] = '\0';
	ok(check(text), "no name is that long");
	text[128] = '\0';
	is_str(check(text), NULL, "128 characters");
}

static void check_label_names(void)
{
	static const char *const good[] = {"a", "Z_9", "_a", "a_b", "a__b", "le_", NULL};
	static const char *const bad[] = {"", "9", "__a", "a-b", "a:b", "\303\205", NULL};

	check_names(value_label_name, good, bad);
	check_names(value_label_name, good, value_reserved_labels);
}

static void check_header_names(void)
{
	static const char *const good[] = {"X",	      "x-9", "-.!%*_+`'~",
					   "Viaduct", "9",   NULL};
	static const char *const bad[] = {"",	  "X:",	 "X Y",	    "X\303\205",
					  "\177", "Via", "CALL-ID", "user-agent",
					  "v",	  "M",	 NULL};

	check_names(value_header_name, good, bad);
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

int main(void)
{
	check_durations();
	check_no_durations();
	check_codes();
	check_single_codes();
	check_no_codes();
	check_printable();
	check_listen();
	check_servers();
	check_label_names();
	check_header_names();
	check_pool();
	check_suggest();
	return tap_done();
}

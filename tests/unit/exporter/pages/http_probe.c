/* /probe: queries, taken apart. */
#include <errno.h>

#include "exporter/pages/http_probe.h"
#include "tests/unit/tap.h"

static void timeouts(void)
{
	static const struct {
		const char *text;
		long long us;
	} rows[] = {
		{NULL, 0},
		{"10", 9500000},
		{"1", 500000},
		{"1.5", 1000000},
		{"0.5", 250000},
		{"0.01", 5000},
		{"99999", 86399500000},
		{"", -1},
		{"0", -1},
		{"-1", -1},
		{"x", -1},
		{"1e3", -1},
		{"inf", -1},
		{"nan", -1},
		{" 1", -1},
		{"1.2.3", -1},
		{"0x10", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_int(http_probe_timeout_us(rows[i].text), rows[i].us,
		       rows[i].text ? rows[i].text : "no header");
}

static void queries(void)
{
	static char large[4096];
	const struct {
		struct http_query q;
		unsigned status; /* 0: it is asked */
		bool debug;
	} rows[] = {
		{{.target = "a"}, 0, false},
		{{.target = "a", .profile = "p", .debug = "true"}, 0, true},
		{{.target = "a", .profile = "", .debug = ""}, 0, false},
		{{.target = "a", .debug = "0"}, 0, false},
		{{.target = "a", .debug = "yes"}, 400, false},
		{{.target = NULL}, 400, false},
		{{.target = ""}, 400, false},
		{{.target = "a\nb"}, 400, false},
		{{.target = "a\x7f"}, 400, false},
		{{.target = large}, 400, false},
		{{.target = "a", .profile = large}, 400, false},
		{{.target = "a", .profile = "\t"}, 400, false},
		{{.target = "a", .scrape_timeout = "x"}, 400, false},
		{{.target = "a", .module = large}, 400, false},
		{{.target = "a", .module = "\t"}, 400, false},
		{{.target = "a", .profile = "p", .module = "q"}, 400, false},
	};

	memset(large, 'x', sizeof(large) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_answer a = {0};

		http_probe_answer(&a, &rows[i].q);
		is_int(a.status, rows[i].status, "status");
		is_int(a.ask.target != NULL, rows[i].status == 0, "asked or not");
		is_int(a.ask.debug, rows[i].debug, "debug");
		buffer_clear(&a.body);
	}
}

static void profiles(void)
{
	static const struct {
		const char *profile, *module, *asked;
	} rows[] = {
		{NULL, NULL, NULL}, {"p", NULL, "p"}, {NULL, "p", "p"}, {"p", "p", "p"},
		{"", "p", "p"},	    {"p", "", "p"},   {"", "", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct http_query q = {.target = "a",
					     .profile = rows[i].profile,
					     .module = rows[i].module};
		struct http_answer a = {0};

		http_probe_answer(&a, &q);
		is_int(a.status, 0, "asked");
		is_str(a.ask.profile, rows[i].asked, "by either name");
	}
}

static void refusals(void)
{
	static const int errs[] = {EAGAIN, ESHUTDOWN, ENOMEM};

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		struct http_answer a = {0};

		http_probe_refused(&a, errs[i]);
		is_int(a.status, 503, "busy, stopping or short of memory");
		is_str(a.retry_after, "1", "and when to come again");
		ok(a.body.len > 0, "and why");
		buffer_clear(&a.body);
	}
}

int main(void)
{
	timeouts();
	queries();
	profiles();
	refusals();
	return tap_done();
}

/* Request targets and Host fields, right and wrong. */
#include "exporter/http/http_head.h"
#include "tests/unit/tap.h"

static void targets(void)
{
	static const struct {
		const char *target, *path;
	} rows[] = {
		{"/", "/"},
		{"/metrics", "/metrics"},
		{"/http://a/b", "/http://a/b"},
		{"//a/b", "//a/b"},
		{"*", "*"},
		{"http://a", "/"},
		{"http://a/", "/"},
		{"http://a/metrics", "/metrics"},
		{"http://a:10060/-/healthy", "/-/healthy"},
		{"https://[::1]:10060/x/y", "/x/y"},
		{"HTTP://A/Metrics", "/Metrics"},
		{"http://a//b", "//b"},
		{"http://", NULL},
		{"http:///metrics", NULL},
		{"http:/metrics", NULL},
		{"ftp://a/metrics", NULL},
		{"a:443", NULL},
		{"metrics", NULL},
		{"**", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_str(http_head_path(rows[i].target), rows[i].path, rows[i].target);
}

static void zeros_in_paths(void)
{
	static const struct {
		const char *target;
		bool has;
	} rows[] = {
		{"/metrics", false},	   {"/metrics%00", true},
		{"/%00/a?b", true},	   {"http://a/b%00c", true},
		{"/metrics?a=%00", false}, {"/a%2500", false},
		{"/a%0", false},	   {"/a%", false},
		{"/a%%00", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_int(http_head_has_zero(rows[i].target), rows[i].has, rows[i].target);
}

static void hosts(void)
{
	static const struct {
		const char *version;
		unsigned count;
		const char *value;
		bool good;
	} rows[] = {
		{"HTTP/1.1", 0, NULL, false},
		{"HTTP/1.0", 0, NULL, true},
		{"HTTP/1.2", 0, NULL, false},
		{"HTTP/1.1", 1, NULL, true},
		{"HTTP/1.1", 1, "", true},
		{"HTTP/1.1", 1, "a", true},
		{"HTTP/1.1", 1, "sip_1.example:10060", true},
		{"HTTP/1.1", 1, "192.0.2.1:80", true},
		{"HTTP/1.1", 1, "[2001:db8::1]", true},
		{"HTTP/1.1", 1, "[fe80::1%25eth0]:80", true},
		{"HTTP/1.1", 1, "a:", true},
		{"HTTP/1.1", 1, "a:80 \t", true},
		{"HTTP/1.1", 1, " ", true},
		{"HTTP/1.1", 1, "a b", false},
		{"HTTP/1.1", 1, "a/b", false},
		{"HTTP/1.1", 1, "u@a", false},
		{"HTTP/1.1", 1, "a:b", false},
		{"HTTP/1.1", 1, "a:1:2", false},
		{"HTTP/1.1", 1, "[::1", false},
		{"HTTP/1.1", 1, "[::1]a", false},
		{"HTTP/1.1", 1, "a\xff", false},
		{"HTTP/1.1", 2, "a", false},
		{"HTTP/1.0", 2, "a", false},
		{"HTTP/1.0", 1, "a b", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = rows[i].value;
		const struct http_head_field h = {rows[i].count, value,
						  value ? strlen(value) : 0};

		is_int(!http_head_host_fault(rows[i].version, &h), rows[i].good,
		       value ? value : "no Host");
	}
}

static void zeros(void)
{
	const struct http_head_field h = {1, "a\0b", 3};

	ok(http_head_host_fault("HTTP/1.1", &h) != NULL, "what a zero hides counts");
}

static void singles(void)
{
	static const struct {
		const char *name;
		struct http_head_field field;
		const char *value;
	} rows[] = {
		{"none", {0, NULL, 0}, NULL},
		{"one", {1, "a", 1}, "a"},
		{"an empty one", {1, "", 0}, ""},
		{"an empty one, as libmicrohttpd may say", {1, NULL, 0}, ""},
		{"two", {2, "a", 1}, ""},
		{"one with a zero", {1, "a\0b", 3}, ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_str(http_head_single(&rows[i].field), rows[i].value, rows[i].name);
}

int main(void)
{
	targets();
	zeros_in_paths();
	hosts();
	zeros();
	singles();
	return tap_done();
}

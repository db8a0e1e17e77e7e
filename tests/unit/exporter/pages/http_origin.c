/* Whose page had a browser ask: a row a case. */
#include "exporter/pages/http_origin.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name;
	const char *fetch_site;
	const char *origin;
	const char *host;
	bool ours;
} cases[] = {
	{"no browser", NULL, NULL, "a:9060", true},
	{"our page", "same-origin", "http://a:9060", "a:9060", true},
	{"our page, behind a proxy", "same-origin", "https://x.example", "a:9060", true},
	{"by hand", "none", NULL, "a:9060", true},
	{"another site", "cross-site", "http://evil.example", "a:9060", false},
	{"a neighbour", "same-site", "http://b.example", "a:9060", false},
	{"another site that claims our origin", "cross-site", "http://a:9060", "a:9060",
	 false},
	{"an older browser", NULL, "http://a:9060", "a:9060", true},
	{"in other letters", NULL, "http://A.Example", "a.example", true},
	{"another port", NULL, "http://a:9061", "a:9060", false},
	{"another site, older browser", NULL, "http://evil.example", "a:9060", false},
	{"a name that begins like ours", NULL, "http://a:9060.evil", "a:9060", false},
	{"a page without an origin", NULL, "null", "a:9060", false},
	{"nothing behind it", NULL, "http://", "a:9060", false},
	{"an empty one", NULL, "", "", false},
	{"without a host", NULL, "http://a", NULL, false},
	{"a site that is said twice", "", "http://a:9060", "a:9060", false},
	{"a list of sites", "same-origin, cross-site", NULL, "a:9060", false},
	{"a site in capitals", "Same-Origin ", NULL, "a:9060", true},
	{"another one in capitals", "Cross-Site", NULL, "a:9060", false},
	{"a list of origins", NULL, "http://a:9060 http://evil", "a:9060", false},
	{"a list with commas", NULL, "http://a:9060, http://a:9060", "a:9060", false},
	{"an origin in capitals", NULL, "HTTP://A:9060 ", "a:9060 ", true},
	{"null in capitals", NULL, "NULL", "null", false},
	{"port 80, unsaid by the origin", NULL, "http://a", "a:80", true},
	{"port 80, unsaid by the host", NULL, "http://a:80", "a", true},
	{"port 443, unsaid by the origin", NULL, "https://a", "a:443", true},
	{"port 443, unsaid by both", NULL, "https://a", "a", true},
	{"the other scheme's port", NULL, "https://a", "a:80", false},
	{"another port than the unsaid one", NULL, "http://a", "a:9060", false},
	{"an empty port", NULL, "http://a:", "a:80", true},
	{"zeros before a port", NULL, "http://a:09060", "a:9060", true},
	{"a port that wraps", NULL, "http://a:74596", "a:9060", false},
	{"a port that is none", NULL, "http://a:9060x", "a:9060", false},
	{"an IPv6 address", NULL, "http://[::1]:9060", "[::1]:9060", true},
	{"its long form", NULL, "http://[0:0:0:0:0:0:0:1]:9060", "[::1]:9060", true},
	{"in other letters, without a port", NULL, "http://[2001:DB8::A]",
	 "[2001:db8::a]:80", true},
	{"another IPv6 address", NULL, "http://[::2]:9060", "[::1]:9060", false},
	{"another port there", NULL, "http://[::1]:9061", "[::1]:9060", false},
	{"a bracket that stays open", NULL, "http://[::1:9060", "[::1:9060", false},
	{"our name before another's", NULL, "http://a:9060@evil", "a:9060", false},
	{"our name in its path", NULL, "http://evil/a:9060", "a:9060", false},
	{"a path behind it", NULL, "http://a:9060/x", "a:9060", false},
	{"another scheme", NULL, "ftp://a:9060", "a:9060", false},
	{"an extension", NULL, "chrome-extension://abcdef", "a:9060", false},
	{"a file", NULL, "file://", "", false},
	{"an empty host", NULL, "http://a", "", false},
	{"a port beside the external URL's", NULL, "https://sip.example", "a", false},
	{"the external URL's", NULL, "https://sip.example:8443", "a:9060", true},
};

/* What reads needs no page of ours. */
static const struct {
	const char *method;
	bool may;
} methods[] = {{"GET", true},	 {"HEAD", true},    {"POST", false},	{"PUT", false},
	       {"PATCH", false}, {"DELETE", false}, {"OPTIONS", false}, {"get", false}};

static void test_methods(void)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		const struct http_query q = {.method = methods[i].method,
					     .fetch_site = "cross-site"};

		is_int(http_origin_may(&q), methods[i].may, methods[i].method);
	}
}

static void test_origins(void)
{
	struct http_site site = {.store = NULL};
	char why[128];

	is_int(http_paths_init(&site.paths, "https://sip.example:8443/probes", NULL, why,
			       sizeof(why)),
	       0, "a URL with a host");
	is_str(site.paths.host, "sip.example:8443", "its host");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct http_query q = {
			.site = &site,
			.fetch_site = cases[i].fetch_site,
			.origin = cases[i].origin,
			.host = cases[i].host,
		};

		is_int(http_origin_is_ours(&q), cases[i].ours, cases[i].name);
	}
	is_int(http_paths_init(&site.paths, "/probes", NULL, why, sizeof(why)), 0,
	       "a path alone");
	is_str(site.paths.host, "", "has none");
}

int main(void)
{
	test_origins();
	test_methods();
	return tap_done();
}

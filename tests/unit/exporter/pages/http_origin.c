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
	{"the external URL's", NULL, "https://sip.example:8443", "a:9060", true},
};

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
	return tap_done();
}

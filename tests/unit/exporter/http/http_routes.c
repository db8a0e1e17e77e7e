/* Which path is answered by what, with which fields, for which methods. */
#include "exporter/http/http_routes.h"
#include "exporter/pages/assets.h"
#include "tests/unit/exporter/pages/site.h"

#define HTML "text/html; charset=utf-8"
#define TEXT "text/plain; charset=utf-8"

static char asset_path[128];

static const struct {
	const char *method;
	const char *path;
	unsigned status;
	const char *type;
	const char *body; /* holds this */
} routes[] = {
	{"GET", "/", 200, HTML, "5 trunks"},
	{"HEAD", "/", 200, HTML, ""},
	{"GET", "/trunks/alpha", 200, HTML, "192.0.2.1:5060"},
	{"GET", "/trunks/nobody", 404, HTML, "nobody"},
	{"GET", "/api/v1/trunks", 200, "application/json", "\"alpha\""},
	{"GET", "/api/v1/trunks/alpha", 200, "application/json", "\"alpha\""},
	{"GET", "/api/v1/trunks/nobody", 404, "application/json",
	 "no trunk of this name"},
	{"GET", asset_path, 200, "text/javascript; charset=utf-8", ""},
	{"GET", "/static/x", 404, TEXT, "not found"},
	{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8",
	 "siptrunk_probes_total"},
	{"POST", "/metrics", 405, TEXT, "method not allowed"},
	{"GET", "/-/healthy", 200, TEXT, "healthy"},
	{"GET", "/-/ready", 503, TEXT, "no configuration"},
	{"GET", "/-/reload", 405, TEXT, "method not allowed"},
	{"POST", "/-/reload", 403, TEXT, "--web.enable-lifecycle"},
	{"GET", "/api/v1/trunksx", 404, TEXT, "not found"},
	{"GET", "/trunks", 404, TEXT, "not found"},
	{"GET", "/metricsx", 404, TEXT, "not found"},
	{"HEAD", "/probe", 405, TEXT, "method not allowed"},
	{"GET", "/probe", 400, TEXT, "target"},
};

static void test_routes(struct site *s)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		struct http_answer a = {0};

		s->q.method = routes[i].method;
		s->q.path = routes[i].path;
		http_routes_answer(&a, &s->q);
		is_int(a.status, routes[i].status, routes[i].path);
		is_str(a.content_type, routes[i].type, "its type");
		ok(strstr(site_end(&a.body), routes[i].body) != NULL, "its body");
		ok(!!a.policy == !strcmp(a.content_type, HTML),
		   "a page and nothing else has a policy");
		is_str(a.allow,
		       routes[i].status != 405		      ? NULL
		       : !strcmp(routes[i].path, "/-/reload") ? "POST, PUT"
		       : !strcmp(routes[i].path, "/probe")    ? "GET"
							      : "GET, HEAD",
		       "what is allowed");
		buffer_clear(&a.body);
	}
}

/* Who asks counts where a request does something; the rest says what it always says. */
static void test_other_sites(struct site *s)
{
	static const struct {
		const char *method;
		const char *path;
		bool body;
		unsigned status;
	} rows[] = {
		{"POST", "/-/reload", false, 403},
		{"PUT", "/-/reload", false, 403},
		{"POST", "/-/reload", true, 403},
		{"POST", "/trunks/alpha/probe", false, 403},
		{"POST", "/metrics", false, 405},
		{"POST", "/nowhere", false, 404},
		{"GET", "/metrics", false, 200},
		{"HEAD", "/", false, 200},
	};

	s->site.reloads = true;
	s->q.fetch_site = "cross-site";
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_answer a = {0};

		s->q.method = rows[i].method;
		s->q.path = rows[i].path;
		s->q.body = rows[i].body;
		http_routes_answer(&a, &s->q);
		is_int(a.status, rows[i].status, rows[i].path);
		ok(!a.reload && !a.ask.target, "nothing is done");
		buffer_clear(&a.body);
	}
	s->site.reloads = false;
	s->q.body = false;
	s->q.fetch_site = NULL;
}

static void test_refused(struct site *s)
{
	struct http_answer a = {0};

	s->q.method = "GET";
	s->q.path = "/-/healthy";
	s->q.body = true;
	http_routes_answer(&a, &s->q);
	is_int(a.status, 413, "a body is refused");
	s->q.body = false;
	s->q.arg_count = HTTP_ARGS_MAX + 1;
	http_routes_answer(&a, &s->q);
	is_int(a.status, 400, "too many parameters");
	s->q.arg_count = 0;
	s->q.path = "/api/v1/trunks";
	site_arg(s, "limit", "0");
	http_routes_answer(&a, &s->q);
	is_int(a.status, 400, "a wrong parameter");
	s->q.arg_count = 0;
	store_change_begin(s->site.store);
	http_routes_answer(&a, &s->q);
	is_int(a.status, 503, "while a configuration is applied");
	ok(!strstr(site_end(&a.body), "alpha"), "nothing is shown");
	store_change_end(s->site.store);
	buffer_clear(&a.body);
	a = (struct http_answer){0};
	s->site.reloads = true;
	s->q.method = "PUT";
	s->q.path = "/-/reload";
	http_routes_answer(&a, &s->q);
	ok(a.reload && !a.status, "a reload has no answer yet");
	buffer_clear(&a.body);
}

static void test_prefix(struct site *s)
{
	static const struct {
		const char *path;
		unsigned status;
	} below[] = {{"/a/metrics", 200}, {"/a/", 200},	     {"/a", 302},
		     {"/", 302},	  {"/metrics", 404}, {"/ab", 404}};
	char why[64];

	(void)http_paths_init(&s->site.paths, "https://x.example/b", "/a", why,
			      sizeof(why));
	s->q.method = "GET";
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
		struct http_answer a = {0};

		s->q.path = below[i].path;
		http_routes_answer(&a, &s->q);
		is_int(a.status, below[i].status, below[i].path);
		is_str(a.location, below[i].status == 302 ? "/b/" : NULL,
		       "where the landing page is");
		buffer_clear(&a.body);
	}
	(void)http_paths_init(&s->site.paths, NULL, NULL, why, sizeof(why));
}

/* Only the families that are asked for; a name that does not exist is none of them. */
static void test_families(struct site *s)
{
	struct http_answer a = {0};
	const char *text;

	s->q.method = "GET";
	s->q.path = "/metrics";
	site_arg(s, "name[]", "siptrunk_state");
	site_arg(s, "name[]", "no_such_family");
	site_arg(s, "other", "siptrunk_info");
	http_routes_answer(&a, &s->q);
	text = site_end(&a.body);
	ok(strstr(text, "siptrunk_state{") && !strstr(text, "siptrunk_info{") &&
		   !strstr(text, "process_"),
	   "one family and no other");
	buffer_clear(&a.body);
	s->q.arg_count = 0;
}

static void test_compressed(struct site *s)
{
	struct http_answer a = {0};

	s->q.path = "/metrics";
	s->q.accept_encoding = "gzip";
	http_routes_answer(&a, &s->q);
	is_str(a.encoding, "gzip", "a scrape is compressed");
	is_str(a.vary, "Accept, Accept-Encoding", "which caches are told");
	ok(a.scrape && a.body.len > 20 && (unsigned char)a.body.data[0] == 0x1f, "it is");
	buffer_clear(&a.body);
	a = (struct http_answer){0};
	s->q.path = "/";
	http_routes_answer(&a, &s->q);
	is_str(a.encoding, "gzip", "a page too");
	ok(!a.scrape, "which is no scrape");
	buffer_clear(&a.body);
	s->q.accept_encoding = NULL;
}

int main(void)
{
	struct site s;

	snprintf(asset_path, sizeof(asset_path), "/static/%s/list.js", assets_hash);
	site_open(&s);
	test_routes(&s);
	test_other_sites(&s);
	test_refused(&s);
	test_prefix(&s);
	test_families(&s);
	test_compressed(&s);
	site_close(&s);
	return tap_done();
}

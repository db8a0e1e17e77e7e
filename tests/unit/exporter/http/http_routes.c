/* Which path is answered by what, with which fields, for which methods. */
#include <errno.h>

#include "exporter/http/http_routes.h"
#include "exporter/http/http_scrape.h"
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
	/* No answer yet: it is that of a scrape. */
	{"GET", "/metrics", 0, "text/plain; version=0.0.4; charset=utf-8", ""},
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
		{"GET", "/metrics", false, 0},
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
		ok(!a.order && !a.ask.target, "nothing is done");
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
	ok(a.order == HTTP_ORDER_RELOAD && !a.status, "a reload has no answer yet");
	buffer_clear(&a.body);
}

static void test_prefix(struct site *s)
{
	static const struct {
		const char *path;
		unsigned status;
	} below[] = {{"/a/metrics", 0}, {"/a/", 200},	   {"/a", 302},
		     {"/", 302},	{"/metrics", 404}, {"/ab", 404}};
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
	struct scrape_want want;
	struct buffer out = {0};
	const char *text;

	s->q.method = "GET";
	s->q.path = "/metrics";
	site_arg(s, "name[]", "siptrunk_state");
	site_arg(s, "name[]", "no_such_family");
	site_arg(s, "other", "siptrunk_info");
	http_scrape_want(&want, &s->q);
	is_int(http_scrape_render(&out, &want, &s->site), 0, "is rendered");
	text = site_end(&out);
	ok(strstr(text, "siptrunk_state{") && !strstr(text, "siptrunk_info{") &&
		   !strstr(text, "process_"),
	   "one family and no other");
	buffer_clear(&out);
	s->q.arg_count = 0;
}

/* What is the same is shared, what is not is not. */
static void test_wants(struct site *s)
{
	static const struct {
		const char *accept, *encoding, *name;
		bool same;
	} rows[] = {
		{NULL, NULL, NULL, true},
		{"text/plain", "br", NULL, true},
		{NULL, "gzip", NULL, false},
		{"application/openmetrics-text;version=1.0.0", NULL, NULL, false},
		{NULL, NULL, "siptrunk_state", false},
		{NULL, NULL, "no_such_family", false},
	};
	struct scrape_want first, want;

	http_scrape_want(&first, &s->q);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		s->q.accept = rows[i].accept;
		s->q.accept_encoding = rows[i].encoding;
		if (rows[i].name)
			site_arg(s, "name[]", rows[i].name);
		memset(&want, 0xff, sizeof(want));
		http_scrape_want(&want, &s->q);
		is_int(scrapes_same(&want, &first), rows[i].same,
		       "whether it is the same");
		s->q.arg_count = 0;
	}
	s->q.accept = s->q.accept_encoding = NULL;
}

static void test_told(void)
{
	static const struct {
		int err;
		const char *text, *retry;
	} rows[] = {{EBUSY, "too many scrapes at once\n", "1"},
		    {EAGAIN, "a configuration is being applied\n", "1"},
		    {ESHUTDOWN, "the exporter stops\n", NULL},
		    {ENOMEM, "out of memory\n", "1"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_answer a = {.scrape = true, .vary = "Accept"};

		http_scrape_done(&a, NULL, rows[i].err);
		is_int(a.status, 503, rows[i].text);
		is_str(site_end(&a.body), rows[i].text, "why");
		is_str(a.retry_after, rows[i].retry, "when to come again");
		buffer_clear(&a.body);
	}
}

static void test_compressed(struct site *s)
{
	struct http_answer a = {0};

	s->q.path = "/metrics";
	s->q.accept_encoding = "gzip";
	http_routes_answer(&a, &s->q);
	is_str(a.vary, "Accept, Accept-Encoding", "which caches are told");
	ok(a.scrape && !a.status && !a.body.len, "a scrape is rendered elsewhere");
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
	test_wants(&s);
	test_told();
	test_compressed(&s);
	site_close(&s);
	return tap_done();
}

#include "exporter/http/http_routes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/http/http_scrape.h"
#include "exporter/metrics/gzip.h"
#include "exporter/metrics/negotiate.h"
#include "exporter/pages/api.h"
#include "exporter/pages/assets.h"
#include "exporter/pages/http_origin.h"
#include "exporter/pages/http_probe.h"
#include "exporter/pages/ladders.h"
#include "exporter/pages/pages.h"

/* Under this, a reply fits one segment and compression gains nothing. */
#define GZIP_MIN_BYTES 1400

/* Nothing from elsewhere, nothing inline: what peers write stays text. */
#define PAGE_POLICY                                                                      \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "  \
	"img-src 'self' data:; form-action 'self'; base-uri 'none'; "                    \
	"frame-ancestors 'none'"

struct route {
	/* NULL: the telemetry path. With '/' at its end: all below it. */
	const char *path;
	const char *methods;
	void (*handler)(struct http_answer *a, const struct http_query *q);
};

static int http_routes_compress(struct http_answer *a)
{
	struct buffer packed = {0};
	int err = gzip_compress(&packed, &a->body);

	buffer_clear(&a->body);
	a->body = packed;
	a->encoding = "gzip";
	return err;
}

/* Compresses where it helps, and says what went wrong if anything did. */
static void http_routes_finish(struct http_answer *a, const struct http_query *q, int err)
{
	if (!err)
		err = a->body.err;
	if (!err && a->body.len >= GZIP_MIN_BYTES && negotiate_gzip(q->accept_encoding))
		err = http_routes_compress(a);
	a->vary = "Accept-Encoding";
	if (!err)
		return;
	a->encoding = NULL;
	a->policy = NULL;
	http_answer_text(a, 503, strerror(err));
}

static void http_routes_page_list(struct http_answer *a, const struct http_query *q)
{
	a->status = 200;
	a->content_type = "text/html; charset=utf-8";
	a->policy = PAGE_POLICY;
	http_routes_finish(a, q, pages_list(&a->body, q));
}

/* Part of the path behind the route. */
static const char *http_routes_below(const struct http_query *q, const char *route)
{
	return q->path + strlen(route);
}

static bool http_routes_ends(const char *text, size_t len, const char *ending)
{
	size_t end = strlen(ending);

	return len > end && !strcmp(text + len - end, ending);
}

/* `/trunks/NAME/probe` or `…/trace`. Texts of a question are copied when it is asked. */
static void http_routes_probe_now(struct http_answer *a, const struct http_query *q)
{
	static const char probe[] = "/probe", trace[] = "/trace";
	const char *rest = http_routes_below(q, "/trunks/");
	size_t len = strlen(rest), end = sizeof(probe) - 1;
	bool traces = http_routes_ends(rest, len, trace);

	if ((!traces && !http_routes_ends(rest, len, probe)) ||
	    len - end >= sizeof(a->name)) {
		http_answer_text(a, 405, "method not allowed\n");
		a->allow = "GET, HEAD";
		return;
	}
	snprintf(a->name, sizeof(a->name), "%.*s", (int)(len - end), rest);
	a->policy = PAGE_POLICY;
	http_probe_now(a, q, a->name, traces);
}

static void http_routes_page_trunk(struct http_answer *a, const struct http_query *q)
{
	int err;

	if (!strcmp(q->method, "POST")) {
		http_routes_probe_now(a, q);
		return;
	}
	err = pages_trunk(&a->body, q, http_routes_below(q, "/trunks/"));

	a->status = err == ENOENT ? 404 : 200;
	a->content_type = "text/html; charset=utf-8";
	a->policy = PAGE_POLICY;
	http_routes_finish(a, q, err == ENOENT ? 0 : err);
}

static void http_routes_api_list(struct http_answer *a, const struct http_query *q)
{
	int err = api_trunks(&a->body, q);

	a->status = err == EINVAL ? 400 : 200;
	a->content_type = "application/json";
	http_routes_finish(a, q, err == EINVAL ? 0 : err);
}

static void http_routes_api_one(struct http_answer *a, const struct http_query *q)
{
	const char *path = http_routes_below(q, "/api/v1/trunks/");
	int err = api_trunk(&a->body, q->site->store, path);

	if (err == ENOENT && ladders_answer(a, q, path)) {
		http_routes_finish(a, q, 0);
		return;
	}
	a->status = err == ENOENT ? 404 : 200;
	a->content_type = "application/json";
	http_routes_finish(a, q, err == ENOENT ? 0 : err);
}

/* Their path holds a hash of their bytes, so that they never change under it. */
static void http_routes_asset(struct http_answer *a, const struct http_query *q)
{
	const struct asset *found = assets_find(http_routes_below(q, "/static/"));

	if (!found) {
		http_answer_text(a, 404, "not found\n");
		return;
	}
	a->status = 200;
	a->content_type = found->type;
	a->cache = "public, max-age=31536000, immutable";
	buffer_add(&a->body, found->data, found->size);
	http_routes_finish(a, q, 0);
}

static void http_routes_healthy(struct http_answer *a, const struct http_query *q)
{
	(void)q;
	http_answer_text(a, 200, "healthy\n");
}

static void http_routes_ready(struct http_answer *a, const struct http_query *q)
{
	if (store_ready(q->site->store))
		http_answer_text(a, 200, "ready\n");
	else
		http_answer_text(a, 503, "no configuration is applied yet\n");
}

static void http_routes_reload(struct http_answer *a, const struct http_query *q)
{
	if (q->site->reloads)
		a->order = HTTP_ORDER_RELOAD;
	else
		http_answer_text(a, 403,
				 "reloads over HTTP are off, "
				 "--web.enable-lifecycle turns them on\n");
}

static void http_routes_calls(struct http_answer *a, const struct http_query *q,
			      enum http_order order)
{
	if (q->site->calls)
		a->order = order;
	else
		http_answer_text(
			a, 403,
			"stopping calls over HTTP is off, "
			"--web.enable-lifecycle turns it on; SIGUSR1 stops them\n");
}

static void http_routes_calls_stop(struct http_answer *a, const struct http_query *q)
{
	http_routes_calls(a, q, HTTP_ORDER_CALLS_STOP);
}

static void http_routes_calls_start(struct http_answer *a, const struct http_query *q)
{
	http_routes_calls(a, q, HTTP_ORDER_CALLS_START);
}

/* The telemetry path comes first, so that it may be any of the others. */
static const struct route routes[] = {
	{NULL, "GET, HEAD", http_scrape_answer},
	{"/", "GET, HEAD", http_routes_page_list},
	{"/trunks/", "GET, HEAD, POST", http_routes_page_trunk},
	{"/api/v1/trunks", "GET, HEAD", http_routes_api_list},
	{"/api/v1/trunks/", "GET, HEAD", http_routes_api_one},
	{"/static/", "GET, HEAD", http_routes_asset},
	{"/-/healthy", "GET, HEAD", http_routes_healthy},
	{"/-/ready", "GET, HEAD", http_routes_ready},
	{"/-/reload", "POST, PUT", http_routes_reload},
	{"/-/calls/stop", "POST, PUT", http_routes_calls_stop},
	{"/-/calls/start", "POST, PUT", http_routes_calls_start},
	{"/probe", "GET", http_probe_answer},
};

static bool http_routes_matches(const char *route, const char *path)
{
	size_t len = strlen(route);

	if (len > 1 && route[len - 1] == '/')
		return !strncmp(path, route, len);
	return !strcmp(path, route);
}

static const struct route *http_routes_find(const struct http_query *q)
{
	size_t i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *path = routes[i].path;

		if (path ? http_routes_matches(path, q->path)
			 : !strcmp(q->path, q->site->telemetry_path))
			return &routes[i];
	}
	return NULL;
}

/* Whether a list as in Allow names the method. */
static bool http_routes_allows(const char *methods, const char *method)
{
	size_t len = strlen(method);

	while (*methods) {
		size_t word = strcspn(methods, ", ");

		if (word == len && !strncmp(methods, method, len))
			return true;
		methods += word;
		methods += strspn(methods, ", ");
	}
	return false;
}

/* Pages link to each other relatively: the landing page must end in a slash. */
static bool http_routes_is_home(const struct http_paths *paths, const char *path)
{
	return *paths->route && (!strcmp(path, "/") || !strcmp(path, paths->route));
}

static void http_routes_answer_below(struct http_answer *a, const struct http_query *q)
{
	const struct route *route = http_routes_find(q);

	if (!route) {
		http_answer_text(a, 404, "not found\n");
	} else if (!http_routes_allows(route->methods, q->method)) {
		http_answer_text(a, 405, "method not allowed\n");
		a->allow = route->methods;
	} else if (!http_origin_may(q)) {
		http_answer_text(a, 403,
				 "the page of another site asked for this, not that of "
				 "this exporter\n");
	} else if (q->body) {
		http_answer_text(a, 413, "a request must have no body\n");
	} else if (q->arg_count > HTTP_ARGS_MAX) {
		http_answer_text(a, 400, "too many query parameters\n");
	} else {
		route->handler(a, q);
	}
}

void http_routes_answer(struct http_answer *a, const struct http_query *q)
{
	const struct http_paths *paths = &q->site->paths;
	struct http_query rest = *q;

	rest.path = http_paths_below(paths, q->path);
	if (http_routes_is_home(paths, q->path)) {
		http_answer_text(a, 302, "this way\n");
		a->location = paths->home;
	} else if (!rest.path) {
		http_answer_text(a, 404, "not found\n");
	} else {
		http_routes_answer_below(a, &rest);
	}
}

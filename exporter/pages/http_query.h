/* A request as its handler sees it, and its answer. Knows nothing of connections. */
#ifndef EXPORTER_PAGES_HTTP_QUERY_H
#define EXPORTER_PAGES_HTTP_QUERY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "exporter/ondemand/probe_service.h"
#include "exporter/pages/http_paths.h"
#include "exporter/store/store.h"

struct web;

/* What the main thread is asked to do, with --web.enable-lifecycle. */
enum http_order {
	HTTP_ORDER_NONE,
	HTTP_ORDER_RELOAD,
	HTTP_ORDER_CALLS_STOP,
	HTTP_ORDER_CALLS_START,
	HTTP_ORDERS,
};

/* All that handlers work with; lives as long as the server. */
struct http_site {
	struct store *store;
	struct web *web; /* the server's; NULL: nobody asks */
	char *telemetry_path;
	char *version;
	struct http_paths paths;
	bool reloads;		   /* /-/reload is for everyone who may ask */
	bool calls;		   /* so are /-/calls/stop and start */
	struct buffer build;	   /* label text of build_info */
	atomic_llong scrape_ns;	   /* the last scrape's cost */
	atomic_llong scrape_bytes; /* and its size as sent, -1: none yet */
};

/* A part of the query, `name=value`, decoded; a value is terminated, or NULL without. */
struct http_arg {
	struct slice name;
	struct slice value;
};

enum {
	HTTP_ARGS_MAX = 128,
	HTTP_NAME_MAX = 1024, /* of a trunk in a path; more is none */
};

struct http_query {
	struct http_site *site;
	const char *method;
	const char *path;
	const char *accept;	     /* or NULL */
	const char *accept_encoding; /* or NULL */
	const char *host;	     /* or NULL */
	const char *origin;	     /* or NULL */
	const char *fetch_site;	     /* Sec-Fetch-Site, or NULL */
	bool body;		     /* the request has one */
	/* Of /probe, each NULL when it is not given. */
	const char *target;
	const char *profile;
	const char *module; /* another name of profile */
	const char *debug;
	const char *scrape_timeout;  /* X-Prometheus-Scrape-Timeout-Seconds */
	const struct http_arg *args; /* in order */
	size_t arg_count;	     /* over HTTP_ARGS_MAX: there were more, not kept */
};

/* The first parameter of that name in the URL's query, terminated; NULL without it. */
const char *http_query_arg(const struct http_query *q, const char *name);

struct http_answer {
	unsigned status;
	const char *content_type;
	char type_text[160];	  /* where a content_type made for the answer is */
	const char *encoding;	  /* Content-Encoding, or NULL */
	const char *vary;	  /* or NULL */
	const char *allow;	  /* or NULL */
	const char *policy;	  /* Content-Security-Policy, or NULL */
	const char *location;	  /* or NULL */
	const char *authenticate; /* WWW-Authenticate, or NULL */
	const char *retry_after;  /* seconds, or NULL */
	char disposition[128];	  /* Content-Disposition, or "" */
	const char *cache;	  /* Cache-Control; NULL: no-store */
	char name[HTTP_NAME_MAX]; /* what `ask` may lead to */
	bool scrape;		  /* no answer yet: it is that of a scrape */
	enum http_order order;	  /* with one no answer yet: it is that of the order */
	struct probe_ask ask; /* with a target: no answer yet, it is that of a probe */
	struct buffer body;
};

/* Makes @a a plain text of @status. */
void http_answer_text(struct http_answer *a, unsigned status, const char *text);

#endif

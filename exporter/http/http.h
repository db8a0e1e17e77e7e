/*
 * The HTTP server: one libmicrohttpd thread a listen address, which sees snapshots of the
 * store only. A scrape never holds up a probe.
 */
#ifndef EXPORTER_HTTP_HTTP_H
#define EXPORTER_HTTP_HTTP_H

#include "exporter/http/reload_requests.h"
#include "exporter/pages/http_query.h"
#include "exporter/ondemand/probe_service.h"
#include "exporter/store/store.h"
#include "exporter/webconfig/web.h"

struct http;

enum { HTTP_LISTEN_MAX = 16 };

struct http_conf {
	const char *const *listen; /* as http_socket_open() takes them */
	size_t listen_count;
	bool systemd_socket;	    /* take systemd's sockets, and none of `listen` */
	const char *telemetry_path; /* "/metrics" */
	const char *version;
	const char *revision;	  /* of the source; NULL: not known */
	const char *libre;	  /* version of libre that runs; NULL: not known */
	const char *external_url; /* NULL: as a client asked */
	const char *route_prefix; /* NULL: the path of external_url */
	struct web *web;	  /* the caller's; NULL: plain HTTP for everyone */
	/* By enum http_order; NULL: not over HTTP. */
	reload_requests_asked_h *orders[HTTP_ORDERS];
	void *order_arg;
	struct probe_service *probes; /* the caller's; NULL: there is no /probe */
};

/*
 * Binds all addresses and starts to serve.
 *
 * @err_text: on failure, what failed (":10060: Address already in use")
 *
 * Returns 0 or errno.
 */
int http_alloc(struct http **hp, const struct http_conf *conf, struct store *store,
	       char *err_text, size_t err_size);

/* The addresses as bound, "127.0.0.1:10060", "unix:/run/x". NULL past the last one. */
const char *http_listening(const struct http *h, size_t n);

/* Stops; requests under way are answered or closed within half a second. */
void http_free(struct http *h);

#endif

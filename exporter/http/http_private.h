/* Shared by the parts of the HTTP server. Only http*.c include it. */
#ifndef EXPORTER_HTTP_HTTP_PRIVATE_H
#define EXPORTER_HTTP_HTTP_PRIVATE_H

#include <microhttpd.h>

#include "exporter/http/http_guard.h"
#include "exporter/http/http_routes.h"
#include "exporter/http/reload_requests.h"
#include "exporter/http/scrapes.h"
#include "exporter/ondemand/probe_service.h"
#include "exporter/webconfig/web.h"

struct http_server {
	struct http_site site;
	struct http_guard *guard;
	struct web *web;
	struct reload_requests *orders[HTTP_ORDERS]; /* NULL: not over HTTP */
	struct probe_service *probes;		     /* NULL: there is no /probe */
	struct scrapes *scrapes;
};

/* Data of a connection, from its first byte to its last. */
struct http_connection {
	struct http_client *client;    /* the guard's, or NULL */
	const struct web_rules *rules; /* those of its TLS session */
};

/* Never NULL while a handler runs, but for want of memory. */
struct http_connection *http_connection_of(struct MHD_Connection *conn);

/* libmicrohttpd's handlers; each has the server for its argument. */
void http_connection_h(void *arg, struct MHD_Connection *conn, void **context,
		       enum MHD_ConnectionNotificationCode what);
void *http_request_target_h(void *arg, const char *target, struct MHD_Connection *conn);
enum MHD_Result http_request_h(void *arg, struct MHD_Connection *conn, const char *target,
			       const char *method, const char *version, const char *data,
			       size_t *data_size, void **request);
void http_request_done_h(void *arg, struct MHD_Connection *conn, void **request,
			 enum MHD_RequestTerminationCode why);

#endif

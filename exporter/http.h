/*
 * The HTTP server: one libmicrohttpd thread a listen address, which sees snapshots of the
 * store only. A scrape never holds up a probe.
 */
#ifndef EXPORTER_HTTP_H
#define EXPORTER_HTTP_H

#include "exporter/probe_desk.h"
#include "exporter/store.h"

struct http;

struct http_conf {
	const char *const *listen; /* ":10060", "127.0.0.1:9", "[::1]:9" */
	size_t listen_count;
	const char *telemetry_path; /* "/metrics" */
	const char *version;
	const char *revision;	 /* of the source; NULL: not known */
	const char *libre;	 /* version of libre that runs; NULL: not known */
	struct probe_desk *desk; /* the caller's; NULL: there is no /probe */
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

/* The addresses as bound, "127.0.0.1:10060". NULL past the last one. */
const char *http_listening(const struct http *h, size_t n);

/* Stops; requests under way are answered or closed within half a second. */
void http_free(struct http *h);

#endif

/* /probe: from a query to what is asked of the desk. Knows nothing of connections. */
#ifndef EXPORTER_PAGES_HTTP_PROBE_H
#define EXPORTER_PAGES_HTTP_PROBE_H

#include "exporter/pages/http_query.h"

/* Fills a->ask; or, when something is wrong with the query, the answer. */
void http_probe_answer(struct http_answer *a, const struct http_query *q);

/*
 * POST of `/trunks/NAME/probe` or `/trunks/NAME/trace`, buttons on the page of a trunk:
 * fills a->ask, or the answer where another site's page had the browser ask.
 *
 * @trace: with a trace
 * @name: the trunk's, which must stay while the request does
 */
void http_probe_now(struct http_answer *a, const struct http_query *q, const char *name,
		    bool trace);

/* The answer when the desk cannot take it. @err: of probe_service_ask() */
void http_probe_refused(struct http_answer *a, int err);

/*
 * Time that a scraper waits for us, in µs, from X-Prometheus-Scrape-Timeout-Seconds: less
 * half a second for the way back, or half of it when it is shorter than a second.
 *
 * @text: NULL: no matter, 0
 *
 * Returns -1 when it is no number of seconds.
 */
int64_t http_probe_timeout_us(const char *text);

#endif

/* The telemetry path: what a client wants of it, how that is rendered, what it is told.
 */
#ifndef EXPORTER_HTTP_HTTP_SCRAPE_H
#define EXPORTER_HTTP_HTTP_SCRAPE_H

#include "exporter/http/scrapes.h"
#include "exporter/pages/http_query.h"

/* Handler of the route: all of the answer but status, encoding and body. */
void http_scrape_answer(struct http_answer *a, const struct http_query *q);

/* Keeps nothing of @q. */
void http_scrape_want(struct scrape_want *want, const struct http_query *q);

/* Any thread. Returns 0 or errno, EAGAIN while a configuration is applied. */
int http_scrape_render(struct buffer *out, const struct scrape_want *want,
		       struct http_site *site);

/* Completes the answer by what scrapes_ask() told; @b NULL: a plain 503 that says why. */
void http_scrape_done(struct http_answer *a, const struct scrape_body *b, int err);

#endif

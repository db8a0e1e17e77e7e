/* Whether a request that does something came from a page of ours. */
#ifndef EXPORTER_PAGES_HTTP_ORIGIN_H
#define EXPORTER_PAGES_HTTP_ORIGIN_H

#include "exporter/pages/http_query.h"

/*
 * Browsers say who has them ask: Sec-Fetch-Site where the connection is safe, Origin with
 * every POST. What says neither is no browser, and nobody's page had it ask. Behind a
 * proxy that changes Host, the host of --web.external-url is ours as well.
 */
bool http_origin_is_ours(const struct http_query *q);

#endif

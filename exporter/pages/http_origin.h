/* Whether a request that does something came from a page of ours. */
#ifndef EXPORTER_PAGES_HTTP_ORIGIN_H
#define EXPORTER_PAGES_HTTP_ORIGIN_H

#include "exporter/pages/http_query.h"

/*
 * Browsers say who has them ask: Sec-Fetch-Site where the connection is safe, Origin with
 * every POST. What says neither is no browser, and nobody's page had it ask. Behind a
 * proxy that changes Host, the host of --web.external-url is ours as well. Hosts are
 * compared as browsers mean them: in any letters, "[::1]" in any form, and without a port
 * as with that of the origin's scheme.
 */
bool http_origin_is_ours(const struct http_query *q);

/* Whether it may do what its method does: GET and HEAD change nothing. */
bool http_origin_may(const struct http_query *q);

#endif

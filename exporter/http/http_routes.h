/* Routes: a row a path. Knows nothing of connections. */
#ifndef EXPORTER_HTTP_HTTP_ROUTES_H
#define EXPORTER_HTTP_HTTP_ROUTES_H

#include "exporter/pages/http_query.h"

/* Fills @a, zeroed by the caller, who frees the body. */
void http_routes_answer(struct http_answer *a, const struct http_query *q);

#endif

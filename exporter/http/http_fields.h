/* The head of a request, as libmicrohttpd has taken it apart: fields and arguments. */
#ifndef EXPORTER_HTTP_HTTP_FIELDS_H
#define EXPORTER_HTTP_HTTP_FIELDS_H

#include <microhttpd.h>

#include "exporter/http/http_head.h"
#include "exporter/pages/http_query.h"

/* The arguments of a query, decoded. */
struct http_args {
	struct http_arg list[HTTP_ARGS_MAX];
	size_t count; /* may be over HTTP_ARGS_MAX: there were more, not kept */
};

/* The first field of a name, or NULL. What is returned lives as long as the request. */
const char *http_fields_value(struct MHD_Connection *conn, const char *name);

/* All fields of a name, where libmicrohttpd's own search would find the first. */
struct http_head_field http_fields_find(struct MHD_Connection *conn, const char *name);

/* Whether a body is announced (RFC 9112 6). */
bool http_fields_has_body(struct MHD_Connection *conn);

/* Fills what the head says into @q, which then points into @args. */
void http_fields_query(struct http_query *q, struct http_args *args,
		       struct MHD_Connection *conn);

#endif

#include <string.h>
#include <strings.h>

#include "exporter/http/http_fields.h"

const char *http_fields_value(struct MHD_Connection *conn, const char *name)
{
	return MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name);
}

struct field_search {
	const char *name;
	struct http_head_field found;
};

static enum MHD_Result http_fields_found_h(void *arg, enum MHD_ValueKind kind,
					   const char *name, size_t name_len,
					   const char *value, size_t value_len)
{
	struct field_search *search = arg;

	(void)kind;
	if (name_len == strlen(search->name) &&
	    !strncasecmp(name, search->name, name_len)) {
		search->found.count++;
		search->found.value = value;
		search->found.len = value_len;
	}
	return MHD_YES;
}

struct http_head_field http_fields_find(struct MHD_Connection *conn, const char *name)
{
	struct field_search search = {.name = name};

	MHD_get_connection_values_n(conn, MHD_HEADER_KIND, http_fields_found_h, &search);
	return search.found;
}

static const char *http_fields_single(struct MHD_Connection *conn, const char *name)
{
	const struct http_head_field found = http_fields_find(conn, name);

	return http_head_single(&found);
}

/* A value that holds a NUL goes on behind what we would see of it: it is none. */
static const char *http_fields_argument(struct MHD_Connection *conn, const char *name)
{
	const char *value = NULL;
	size_t size = 0;

	if (MHD_lookup_connection_value_n(conn, MHD_GET_ARGUMENT_KIND, name, strlen(name),
					  &value, &size) != MHD_YES)
		return NULL;
	return value && strlen(value) == size ? value : "";
}

bool http_fields_has_body(struct MHD_Connection *conn)
{
	const char *length = http_fields_value(conn, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return http_fields_value(conn, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
	       (length && strspn(length, "0") != strlen(length));
}

/* libmicrohttpd has taken the query apart and decoded it. */
static enum MHD_Result http_fields_argument_h(void *arg, enum MHD_ValueKind kind,
					      const char *name, size_t name_len,
					      const char *value, size_t value_len)
{
	struct http_args *args = arg;

	(void)kind;
	if (args->count < HTTP_ARGS_MAX)
		args->list[args->count] =
			(struct http_arg){{name, name_len}, {value, value_len}};
	args->count++;
	return MHD_YES;
}

void http_fields_query(struct http_query *q, struct http_args *args,
		       struct MHD_Connection *conn)
{
	q->accept = http_fields_value(conn, "Accept");
	q->accept_encoding = http_fields_value(conn, "Accept-Encoding");
	q->host = http_fields_value(conn, "Host");
	q->origin = http_fields_single(conn, "Origin");
	q->fetch_site = http_fields_single(conn, "Sec-Fetch-Site");
	q->scrape_timeout =
		http_fields_value(conn, "X-Prometheus-Scrape-Timeout-Seconds");
	q->target = http_fields_argument(conn, "target");
	q->profile = http_fields_argument(conn, "profile");
	q->module = http_fields_argument(conn, "module");
	q->debug = http_fields_argument(conn, "debug");

	args->count = 0;
	MHD_get_connection_values_n(conn, MHD_GET_ARGUMENT_KIND, http_fields_argument_h,
				    args);
	q->args = args->list;
	q->arg_count = args->count;
}

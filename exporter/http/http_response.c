#include <string.h>

#include "exporter/http/http_response.h"

static const char *http_response_configured(const struct web_pairs *headers,
					    const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (!strcmp(headers->list[i].name, name) && *headers->list[i].value)
			return headers->list[i].value;
	return NULL;
}

static void http_response_add_field(struct MHD_Response *r,
				    const struct web_pairs *headers, const char *name,
				    const char *value)
{
	if (value && !http_response_configured(headers, name))
		MHD_add_response_header(r, name, value);
}

/* The operator's headers take the place of ours. */
static void http_response_add_fields(struct MHD_Response *r, const struct http_answer *a,
				     const struct web_pairs *headers, bool close)
{
	const struct config_pair fields[] = {
		{"Content-Type", a->content_type},
		{"Content-Encoding", a->encoding},
		{"Vary", a->vary},
		{"Allow", a->allow},
		{"Location", a->location},
		{"WWW-Authenticate", a->authenticate},
		{"Retry-After", a->retry_after},
		{"Content-Disposition", *a->disposition ? a->disposition : NULL},
		{"Content-Security-Policy", a->policy},
		{"X-Content-Type-Options", "nosniff"},
		/* With "no-referrer" the Origin of our own forms would be "null". */
		{"Referrer-Policy", "same-origin"},
		{"Cache-Control", a->cache ? a->cache : "no-store"},
		{"Connection", close ? "close" : NULL},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		http_response_add_field(r, headers, fields[i].name, fields[i].value);
	for (size_t i = 0; i < headers->count; i++)
		if (*headers->list[i].value)
			MHD_add_response_header(r, headers->list[i].name,
						headers->list[i].value);
}

/* Hands the body over; libmicrohttpd frees it. */
static struct MHD_Response *http_response_of(struct http_answer *a,
					     struct scrape_body **scraped)
{
	struct buffer body = a->body;
	struct scrape_body *b = *scraped;

	if (b) {
		*scraped = NULL;
		return scrape_body_response(b);
	}
	if (body.err)
		return NULL;
	a->body = (struct buffer){0};
	return MHD_create_response_from_buffer(body.len, body.data,
					       MHD_RESPMEM_MUST_FREE);
}

enum MHD_Result http_response_send(struct MHD_Connection *conn, struct http_answer *a,
				   struct scrape_body **scraped,
				   const struct web_pairs *headers, bool close)
{
	struct MHD_Response *r = http_response_of(a, scraped);
	enum MHD_Result res;

	if (!r)
		return MHD_NO;
	http_response_add_fields(r, a, headers, close);
	res = MHD_queue_response(conn, a->status, r);
	MHD_destroy_response(r);
	return res;
}

/* What RFC 9112 asks of a request's head, whatever it asks for. Knows no connection. */
#ifndef EXPORTER_HTTP_HTTP_HEAD_H
#define EXPORTER_HTTP_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

/* The fields of one name in a head. */
struct http_head_field {
	unsigned count;
	const char *value; /* of the last one, terminated; may be NULL for an empty one */
	size_t len;	   /* of it, zeros within counted */
};

/*
 * The path of a request target (RFC 9112 3.2), without its query: of origin-form
 * ("/metrics") and of absolute-form ("http://host:port/metrics", as to a proxy), whose
 * authority may be any, since no other is served here. "*" is handed back as it is.
 *
 * Returns NULL for what has none of these forms.
 */
const char *http_head_path(const char *target);

/*
 * Whether the path of a request target, as it came, has a zero ("%00"): decoded, the path
 * would end there, and be another one.
 */
bool http_head_has_zero(const char *target);

/*
 * Says what is wrong with the Host fields (RFC 9112 3.2), or NULL.
 *
 * @version: "HTTP/1.0", which needs no Host, or a later one
 */
const char *http_head_host_fault(const char *version,
				 const struct http_head_field *hosts);

/*
 * The value of a field that may stand once, NULL without it. What stands twice, or holds
 * a zero, is "", so that a proxy and we never believe two different ones.
 */
const char *http_head_single(const struct http_head_field *field);

#endif

/*
 * --web.external-url and --web.route-prefix: below which path everything is served, and
 * where that is for clients, for whom a reverse proxy may have made it another. Links are
 * relative, and need to know neither.
 */
#ifndef EXPORTER_PAGES_HTTP_PATHS_H
#define EXPORTER_PAGES_HTTP_PATHS_H

#include <stddef.h>

enum { HTTP_PATHS_BYTES = 512 };

struct http_paths {
	char route[HTTP_PATHS_BYTES]; /* "" or "/prefix": what requests begin with */
	char home[HTTP_PATHS_BYTES];  /* the landing page's path for clients */
	char host[256]; /* "host:port" of the external URL; "": it does not say */
};

/*
 * @external_url: "https://host/path", "/path", or NULL
 * @route_prefix: "/path"; NULL: the path of @external_url
 *
 * Returns 0, or EINVAL with a sentence.
 */
int http_paths_init(struct http_paths *p, const char *external_url,
		    const char *route_prefix, char *err_text, size_t err_size);

/* The rest of @path below the prefix, from its slash on; NULL when it is not below. */
const char *http_paths_below(const struct http_paths *p, const char *path);

#endif

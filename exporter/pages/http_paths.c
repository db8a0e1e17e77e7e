#include "exporter/pages/http_paths.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Bytes that a path in a URL may have (RFC 3986), so that it can stand in a header. */
static bool http_paths_is_path(const char *text, size_t len)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		"-._~!$&'()*+,;=:@%/";

	return len + 2 < HTTP_PATHS_BYTES && strspn(text, allowed) == len;
}

/* "/a/b" of "a/b/", and "" of "/". */
static void http_paths_trim(char out[HTTP_PATHS_BYTES], const char *text)
{
	size_t len;

	text += strspn(text, "/");
	len = strlen(text);
	while (len && text[len - 1] == '/')
		len--;
	snprintf(out, HTTP_PATHS_BYTES, "%s%.*s", len ? "/" : "", (int)len, text);
}

/* The path of a URL, or NULL for what is none. */
static const char *http_paths_path_of(const char *url)
{
	const char *host = NULL, *path;

	if (*url == '/')
		return url;
	if (!strncmp(url, "http://", 7))
		host = url + 7;
	else if (!strncmp(url, "https://", 8))
		host = url + 8;
	if (!host)
		return NULL;
	path = host + strcspn(host, "/");
	return path > host && http_paths_is_path(host, strlen(host)) ? path : NULL;
}

/* The host that clients know us by, where the URL names one that fits. */
static void http_paths_set_host(struct http_paths *p, const char *url, const char *path)
{
	const char *host = url ? strstr(url, "://") : NULL;

	if (host && path - (host + 3) > 0)
		snprintf(p->host, sizeof(p->host), "%.*s", (int)(path - (host + 3)),
			 host + 3);
}

int http_paths_init(struct http_paths *p, const char *external_url,
		    const char *route_prefix, char *err_text, size_t err_size)
{
	const char *path = external_url ? http_paths_path_of(external_url) : "/";

	*p = (struct http_paths){0};
	if (!path || !http_paths_is_path(path, strlen(path))) {
		snprintf(err_text, err_size,
			 "--web.external-url: \"%s\" is not a URL such as "
			 "https://host/path",
			 external_url);
		return EINVAL;
	}
	if (route_prefix && !http_paths_is_path(route_prefix, strlen(route_prefix))) {
		snprintf(err_text, err_size,
			 "--web.route-prefix: \"%s\" is not a path such as /prefix",
			 route_prefix);
		return EINVAL;
	}
	http_paths_trim(p->route, route_prefix ? route_prefix : path);
	http_paths_trim(p->home, external_url ? path : p->route);
	strcat(p->home, "/");
	http_paths_set_host(p, external_url, path);
	return 0;
}

const char *http_paths_below(const struct http_paths *p, const char *path)
{
	size_t len = strlen(p->route);

	if (strncmp(path, p->route, len) != 0)
		return NULL;
	path += len;
	return *path == '/' ? path : NULL;
}

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/websocket/websocket.h"

enum { PATH_MAX_BYTES = 1024, URL_MAX_BYTES = 1024 };

/* Behind the scheme, or NULL. */
static const char *websocket_url_rest(const char *url, bool *secure)
{
	*secure = !strncasecmp(url, "wss://", 6);
	if (*secure)
		return url + 6;
	return strncasecmp(url, "ws://", 5) ? NULL : url + 5;
}

bool websocket_url_is(const char *text)
{
	bool secure;

	return websocket_url_rest(text, &secure);
}

const char *websocket_path_fault(const char *path)
{
	if (*path != '/')
		return "a path begins with '/'";
	if (strlen(path) > PATH_MAX_BYTES)
		return "a path is at most 1024 characters long";
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		if (*p <= ' ' || *p > 0x7e || strchr("\"<>\\^`{|}", *p))
			return "a path holds a character that must be written as %HH";
	return strchr(path, '#') ? "a path has no fragment, which begins with '#'" : NULL;
}

const char *websocket_url_path(const char *url)
{
	bool secure;
	const char *rest = websocket_url_rest(url, &secure);

	return rest ? strchr(rest, '/') : NULL;
}

const char *websocket_url_to_sip(char *out, size_t size, const char *url)
{
	bool secure;
	const char *rest = websocket_url_rest(url, &secure);
	const char *path = websocket_url_path(url);
	size_t len = rest ? strcspn(rest, "/") : 0;
	int n;

	if (!rest)
		return "the scheme must be ws: or wss:";
	if (strlen(url) > URL_MAX_BYTES)
		return "the address is longer than 1024 characters";
	if (memchr(rest, '@', len))
		return "a user stands in \"auth\" or \"from\", not in a ws: address";
	/* What has a meaning in a SIP URI alone is no part of a host. */
	if (memchr(rest, ';', len) || memchr(rest, '?', len) || memchr(rest, '#', len))
		return "after the host and port comes a path, which begins with '/'";
	if (path && websocket_path_fault(path))
		return websocket_path_fault(path);
	n = snprintf(out, size, "sip:%.*s;transport=%s", (int)len, rest,
		     secure ? "wss" : "ws");
	return n < 0 || (size_t)n >= size ? "the address is too long" : NULL;
}

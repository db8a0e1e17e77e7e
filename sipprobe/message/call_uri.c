#include "sipprobe/message/call_uri.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/uri.h"

/* Escapes what a user part must not hold. Returns false without room. */
static bool user_print(char *out, size_t size, const char *number)
{
	size_t n = 0;

	for (; *number; number++) {
		const char *piece = *number == '#' ? "%23" : (char[]){*number, '\0'};
		size_t len = strlen(piece);

		if (n + len >= size)
			return false;
		memcpy(out + n, piece, len);
		n += len;
	}
	out[n] = '\0';
	return true;
}

int call_uri_print(char *out, size_t size, const char *trunk_uri, const char *number)
{
	struct config_uri uri;
	char user[256], port[8] = "";
	int len;

	if (config_uri_parse(trunk_uri, &uri) || !user_print(user, sizeof(user), number))
		return EINVAL;
	if (uri.port)
		(void)snprintf(port, sizeof(port), ":%u", uri.port);
	len = snprintf(out, size, uri.ipv6 ? "%s:%s@[%.*s]%s" : "%s:%s@%.*s%s",
		       uri.sips ? "sips" : "sip", user, (int)uri.host.l, uri.host.p,
		       port);
	return (size_t)len < size ? 0 : ENOBUFS;
}

#include "exporter/http/http_head.h"

#include <string.h>
#include <strings.h>

/* Of a registered name (RFC 3986 3.2.2). */
#define HOST_CHARS                                                                       \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"                 \
	"-._~!$&'()*+,;=%"

const char *http_head_path(const char *target)
{
	static const char *const schemes[] = {"http://", "https://"};

	if (*target == '/' || !strcmp(target, "*"))
		return target;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i]), authority;

		if (strncasecmp(target, schemes[i], len) != 0)
			continue;
		authority = strcspn(target + len, "/");
		if (!authority)
			return NULL;
		target += len + authority;
		return *target ? target : "/";
	}
	return NULL;
}

bool http_head_has_zero(const char *target)
{
	const char *zero = strstr(target, "%00");

	return zero && zero < target + strcspn(target, "?");
}

/*
 * uri-host [ ":" port ]; empty where the target has no authority (RFC 9110 7.2). Blanks
 * behind it are no part of the value, but libmicrohttpd leaves them there.
 */
static bool http_head_is_host(const char *text)
{
	if (*text == '[') {
		text += 1 + strspn(text + 1, HOST_CHARS ":");
		if (*text++ != ']')
			return false;
	} else {
		text += strspn(text, HOST_CHARS);
	}
	if (*text == ':')
		text += 1 + strspn(text + 1, "0123456789");
	return !text[strspn(text, " \t")];
}

const char *http_head_single(const struct http_head_field *field)
{
	if (!field->count)
		return NULL;
	return field->count == 1 && field->value && strlen(field->value) == field->len
		       ? field->value
		       : "";
}

const char *http_head_host_fault(const char *version, const struct http_head_field *hosts)
{
	if (hosts->count > 1)
		return "more than one Host\n";
	if (!hosts->count)
		return strcmp(version, "HTTP/1.0") != 0 ? "no Host\n" : NULL;
	if (!hosts->value || !hosts->len)
		return NULL;
	return hosts->len == strlen(hosts->value) && http_head_is_host(hosts->value)
		       ? NULL
		       : "Host is neither a name nor an address\n";
}

#include "exporter/webconfig/web_credentials.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { DECODED_BYTES = WEB_NAME_BYTES + WEB_PASSWORD_BYTES };

static int value_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* Returns how many bytes, or -1 for what is not base64 or does not fit. */
static int web_credentials_decode(char out[DECODED_BYTES], const char *text)
{
	uint32_t bits = 0;
	int n = 0, have = 0, digits = 0;

	for (; *text && *text != '='; text++, digits++) {
		int v = value_of(*text);

		if (v < 0 || n == DECODED_BYTES)
			return -1;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 0xff);
		}
	}
	/* Padding and zero bits are left over, no more. */
	if (digits % 4 == 1 || strspn(text, "=") != strlen(text) || strlen(text) > 2 ||
	    (bits & ((1U << have) - 1)))
		return -1;
	return n;
}

static bool web_credentials_split(struct web_credentials *out, const char *text,
				  size_t len)
{
	const char *colon = memchr(text, ':', len);

	if (!colon || memchr(text, '\0', len))
		return false;
	out->name_len = (size_t)(colon - text);
	out->password_len = len - out->name_len - 1;
	if (out->name_len >= WEB_NAME_BYTES || out->password_len >= WEB_PASSWORD_BYTES)
		return false;
	memcpy(out->name, text, out->name_len);
	out->name[out->name_len] = '\0';
	memcpy(out->password, colon + 1, out->password_len);
	out->password[out->password_len] = '\0';
	return true;
}

bool web_credentials_parse(struct web_credentials *out, const char *field)
{
	char text[DECODED_BYTES];
	bool good;
	int len;

	if (!field || strncasecmp(field, "Basic ", 6) != 0)
		return false;
	field += 6;
	len = web_credentials_decode(text, field + strspn(field, " "));
	good = len >= 0 && web_credentials_split(out, text, (size_t)len);
	explicit_bzero(text, sizeof(text));
	return good;
}

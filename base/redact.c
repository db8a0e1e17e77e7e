#include "base/redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Parts of the names that secrets are given, in lower case. */
static const char *const secret_words[] = {
	"pass", "pwd", "secret", "cred", "token", "authorization", "ha1", "md5",
};

enum { SECRET_WORDS = sizeof(secret_words) / sizeof(*secret_words) };

/* What is to be hidden: from @from up to @to, the text's end when that is NULL. */
struct hidden {
	const char *from; /* NULL: nothing */
	const char *to;
};

bool redact_is_secret(const char *word, size_t len)
{
	for (size_t i = 0; i < SECRET_WORDS; i++) {
		size_t l = strlen(secret_words[i]);

		for (size_t at = 0; at + l <= len; at++)
			if (!strncasecmp(word + at, secret_words[i], l))
				return true;
	}
	return false;
}

/* The end of a scheme at @p, or NULL. */
static const char *redact_scheme(const char *p)
{
	if (!strncasecmp(p, "sip:", 4))
		return p + 4;
	if (!strncasecmp(p, "sips:", 5))
		return p + 5;
	return strncmp(p, "://", 3) ? NULL : p + 3;
}

/* Behind the first scheme of a text, or NULL. */
static const char *redact_behind_scheme(const char *text)
{
	const char *found = NULL;

	for (; *text && !found; text++)
		found = redact_scheme(text);
	return found;
}

/* The ':' between user and password, which may be written as %3A. */
static const char *redact_colon(const char *p, const char *end)
{
	for (; p < end; p++)
		if (*p == ':' || !strncasecmp(p, "%3a", 3))
			return p + (*p == ':' ? 1 : 3);
	return NULL;
}

/* Whether a port stands here, or the rest of an IPv6 address without its brackets. */
static bool redact_is_port(const char *p)
{
	size_t digits = strspn(p, "0123456789"),
	       hex = strspn(p, "0123456789abcdefABCDEF:.");

	if (digits && digits <= 5 && !isalnum((unsigned char)p[digits]) &&
	    p[digits] != ':')
		return true;
	return memchr(p, ':', hex) && !isalnum((unsigned char)p[hex]);
}

/* A URI that lost its '@' has a password where its port should be. */
static const char *redact_no_port(const char *host)
{
	const char *end = host + strcspn(host, ";?,> \t");

	if (*host == '[')
		host += strcspn(host, "]");
	host = host < end ? memchr(host, ':', (size_t)(end - host)) : NULL;
	return host && host[1] && !redact_is_port(host + 1) ? host + 1 : NULL;
}

static struct hidden redact_uri(const char *text)
{
	const char *at = strrchr(text, '@'), *user = redact_behind_scheme(text);
	struct hidden h = {0};

	if (at) {
		h.from = redact_colon(user && user <= at ? user : text, at);
		h.to = at;
	} else if (user) {
		h.from = redact_no_port(user);
	}
	return h;
}

static bool redact_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* What follows a word like password: a separator, then what is hidden; or NULL. */
static const char *redact_behind_word(const char *word, size_t len)
{
	const char *p = word + len;
	size_t gap = strspn(p, " \t\"'=:>");

	return gap && p[gap] && redact_is_secret(word, len) ? p + gap : NULL;
}

/* The headers of a URI, "?Authorization=…", may be credentials. */
static const char *redact_headers(const char *text)
{
	const char *uri = redact_behind_scheme(text);
	const char *mark = uri ? strchr(uri, '?') : NULL;

	return mark && strchr(mark, '=') ? mark + 1 : NULL;
}

/* The first thing from which on nothing is shown, or NULL. */
static const char *redact_tail(const char *text)
{
	const char *headers = redact_headers(text);

	for (const char *p = text; *p && p != headers;) {
		size_t len = 0;
		const char *behind;

		while (redact_is_word(p[len]))
			len++;
		behind = len ? redact_behind_word(p, len) : NULL;
		if (behind)
			return behind;
		p += len ? len : 1;
	}
	return headers;
}

/* Puts a piece at the end; what does not fit is cut. Returns the new length. */
static size_t redact_put(char *out, size_t size, size_t len, const char *from, size_t n)
{
	if (n > size - 1 - len)
		n = size - 1 - len;
	memcpy(out + len, from, n);
	out[len + n] = '\0';
	return len + n;
}

char *redact_copy(char *out, size_t size, const char *text)
{
	struct hidden h = redact_uri(text);
	const char *end = redact_tail(text), *p = text;
	size_t len = 0;

	out[0] = '\0';
	if (h.from && (!end || h.from < end)) {
		len = redact_put(out, size, len, p, (size_t)(h.from - p));
		len = redact_put(out, size, len, REDACTED, strlen(REDACTED));
		p = h.to ? h.to : text + strlen(text);
	}
	if (!end || end > p)
		len = redact_put(out, size, len, p, end ? (size_t)(end - p) : strlen(p));
	if (end && end >= p)
		redact_put(out, size, len, REDACTED, strlen(REDACTED));
	return out;
}

struct redacted redact(const char *text)
{
	struct redacted r = {.s = ""};

	redact_copy(r.s, sizeof(r.s), text);
	return r;
}

#include "exporter/pages/http_origin.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* What a URL leaves out of an authority. */
static const struct scheme {
	const char *text;
	unsigned port;
} schemes[] = {{"http://", 80}, {"https://", 443}};

struct authority {
	struct slice host; /* with the brackets of an IPv6 address */
	unsigned port;
};

static struct slice http_origin_trimmed(const char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && strchr(" \t", text[len - 1]))
		len--;
	return (struct slice){text, len};
}

static size_t http_origin_host_len(struct slice text)
{
	const char *end = memchr(text.p, *text.p == '[' ? ']' : ':', text.l);

	if (*text.p == '[')
		return end ? (size_t)(end + 1 - text.p) : 0;
	return end ? (size_t)(end - text.p) : text.l;
}

/* Digits behind a colon, or nothing. Returns false for what is no port. */
static bool http_origin_port(unsigned *port, struct slice text)
{
	unsigned value = 0;

	if (!text.l)
		return true;
	if (*text.p != ':')
		return false;
	for (size_t i = 1; i < text.l; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || value > 65535)
			return false;
		value = 10 * value + (unsigned)(text.p[i] - '0');
	}
	if (text.l > 1)
		*port = value;
	return value <= 65535;
}

/* "host", "host:port", "[address]:port" and nothing else. */
static bool http_origin_authority(struct authority *a, struct slice text, unsigned port)
{
	size_t len = text.l ? http_origin_host_len(text) : 0;

	*a = (struct authority){{text.p, len}, port};
	for (size_t i = 0; i < len; i++)
		if (strchr("/@?#, \t", text.p[i]))
			return false;
	return len &&
	       http_origin_port(&a->port, (struct slice){text.p + len, text.l - len});
}

static bool http_origin_address(struct in6_addr *out, struct slice host)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = host.l > 2 && *host.p == '[' ? host.l - 2 : 0;

	if (!len || len >= sizeof(text))
		return false;
	memcpy(text, host.p + 1, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

static bool http_origin_same_host(struct slice a, struct slice b)
{
	struct in6_addr x, y;

	if (http_origin_address(&x, a) && http_origin_address(&y, b))
		return !memcmp(&x, &y, sizeof(x));
	return a.l == b.l && !strncasecmp(a.p, b.p, a.l);
}

/* @host: as in a Host field, or NULL. @port: where it names none */
static bool http_origin_is_at(const struct authority *origin, const char *host,
			      unsigned port)
{
	struct authority other;

	return host && http_origin_authority(&other, http_origin_trimmed(host), port) &&
	       origin->port == other.port &&
	       http_origin_same_host(origin->host, other.host);
}

/* "null", and what is of other schemes, is nobody's page of ours. */
static bool http_origin_matches(const struct http_query *q, struct slice text)
{
	struct authority origin;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].text);
		unsigned port = schemes[i].port;

		if (text.l <= len || strncasecmp(text.p, schemes[i].text, len) != 0)
			continue;
		return http_origin_authority(&origin,
					     (struct slice){text.p + len, text.l - len},
					     port) &&
		       (http_origin_is_at(&origin, q->host, port) ||
			http_origin_is_at(&origin, q->site->paths.host, port));
	}
	return false;
}

static bool http_origin_is_word(struct slice text, const char *word)
{
	return text.l == strlen(word) && !strncasecmp(text.p, word, text.l);
}

bool http_origin_is_ours(const struct http_query *q)
{
	if (q->fetch_site) {
		struct slice site = http_origin_trimmed(q->fetch_site);

		return http_origin_is_word(site, "same-origin") ||
		       http_origin_is_word(site, "none");
	}
	return !q->origin || http_origin_matches(q, http_origin_trimmed(q->origin));
}

bool http_origin_may(const struct http_query *q)
{
	return !strcmp(q->method, "GET") || !strcmp(q->method, "HEAD") ||
	       http_origin_is_ours(q);
}

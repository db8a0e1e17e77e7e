#include "sipprobe/message/uri_match.h"

#include <ctype.h>
#include <string.h>

#include "base/hash.h"

/* A URI in its parts, which point into the text. */
struct uri_parts {
	struct pl scheme;
	struct pl user;	     /* with password; p is NULL without */
	struct pl host;	     /* IPv6 in its brackets */
	struct pl port;	     /* p is NULL without */
	struct pl params;    /* behind the first semicolon */
	struct pl headers;   /* behind the question mark */
	struct pl transport; /* its value; p is NULL without */
};

/* Takes off what stands before @sep; all of it where there is none. */
static struct pl split_take(struct pl *c, char sep)
{
	const char *at = c->l ? memchr(c->p, sep, c->l) : NULL;
	struct pl head = {.p = c->p, .l = at ? (size_t)(at - c->p) : c->l};

	pl_advance(c, (ssize_t)(head.l + (at ? 1 : 0)));
	return head;
}

static void parts_host(struct uri_parts *u, struct pl hostport)
{
	const char *end = hostport.p + hostport.l;
	const char *closed = hostport.l && *hostport.p == '['
				     ? memchr(hostport.p, ']', hostport.l)
				     : NULL;
	const char *from = closed ? closed : hostport.p;
	const char *colon = memchr(from, ':', (size_t)(end - from));

	u->host = (struct pl){.p = hostport.p,
			      .l = (size_t)((colon ? colon : end) - hostport.p)};
	if (colon)
		u->port = (struct pl){.p = colon + 1, .l = (size_t)(end - colon - 1)};
}

static bool param_find(struct pl *value, struct pl params, const struct pl *name)
{
	while (params.l) {
		struct pl param = split_take(&params, ';');
		struct pl found = split_take(&param, '=');

		if (!pl_casecmp(&found, name)) {
			*value = param;
			return true;
		}
	}
	return false;
}

static bool parts_read(struct uri_parts *u, const struct pl *uri)
{
	static const struct pl transport = PL("transport");
	struct pl rest = *uri, value;
	const char *at;

	*u = (struct uri_parts){.scheme = split_take(&rest, ':')};
	at = rest.l ? memrchr(rest.p, '@', rest.l) : NULL;
	if (at) {
		u->user = (struct pl){.p = rest.p, .l = (size_t)(at - rest.p)};
		pl_advance(&rest, at - rest.p + 1);
	}
	u->params = split_take(&rest, '?');
	u->headers = rest;
	parts_host(u, split_take(&u->params, ';'));
	if (param_find(&value, u->params, &transport))
		u->transport = value;
	return u->host.l > 0;
}

static int hex_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

enum { ESCAPED = 0x100 };

/*
 * Takes a character, %HH for what it stands for. @strict: but a reserved one is another
 * than its escape (19.1.4)
 */
static int char_next(struct pl *c, bool strict)
{
	int high = c->l > 2 && *c->p == '%' ? hex_value(c->p[1]) : -1;
	int low = high >= 0 ? hex_value(c->p[2]) : -1;
	int got = low >= 0 ? high * 16 + low : (unsigned char)*c->p;

	pl_advance(c, low >= 0 ? 3 : 1);
	if (strict && low >= 0 && got && strchr(";/?:@&=+$,", got))
		got |= ESCAPED;
	return got;
}

static bool text_same(struct pl a, struct pl b, bool any_case, bool strict)
{
	while (a.l && b.l) {
		int x = char_next(&a, strict), y = char_next(&b, strict);

		if (any_case && !((x | y) & ESCAPED)) {
			x = tolower(x);
			y = tolower(y);
		}
		if (x != y)
			return false;
	}
	return !a.l && !b.l;
}

static bool host_same(const struct uri_parts *a, const struct uri_parts *b)
{
	struct pl x = a->host, y = b->host;
	struct sa one, other;

	if (text_same(x, y, true, false))
		return true;
	if (*x.p != '[' || *y.p != '[')
		return false;
	x = (struct pl){.p = x.p + 1, .l = x.l - (x.l > 1 ? 2 : 1)};
	y = (struct pl){.p = y.p + 1, .l = y.l - (y.l > 1 ? 2 : 1)};
	return !sa_set(&one, &x, 0) && !sa_set(&other, &y, 0) &&
	       sa_cmp(&one, &other, SA_ADDR);
}

/* Parameters that a URI without them does not match, default or not (19.1.4). */
static bool param_counts(const struct pl *name)
{
	static const char *const names[] = {"user", "ttl", "method", "maddr",
					    "transport"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!pl_strcasecmp(name, names[i]))
			return true;
	return false;
}

/* Whether @b has each parameter of @a alike, but for those that may be missing. */
static bool params_within(struct pl a, struct pl b)
{
	while (a.l) {
		struct pl value = split_take(&a, ';'), other;
		struct pl name = split_take(&value, '=');

		if (!param_find(&other, b, &name)) {
			if (param_counts(&name))
				return false;
		} else if (!text_same(value, other, true, true)) {
			return false;
		}
	}
	return true;
}

static uint32_t port_of(const struct uri_parts *u)
{
	bool tls = !pl_strcasecmp(&u->scheme, "sips") ||
		   (u->transport.p && !pl_strcasecmp(&u->transport, "tls"));

	return u->port.l ? pl_u32(&u->port) : tls ? 5061 : 5060;
}

static bool is_equal(const struct uri_parts *own, const struct uri_parts *other)
{
	return !pl_casecmp(&own->scheme, &other->scheme) &&
	       !own->user.p == !other->user.p &&
	       text_same(own->user, other->user, false, true) && host_same(own, other) &&
	       !own->port.p == !other->port.p &&
	       (!own->port.p || pl_u32(&own->port) == pl_u32(&other->port)) &&
	       text_same(own->headers, other->headers, true, true) &&
	       params_within(other->params, own->params) &&
	       params_within(own->params, other->params);
}

static bool is_same_place(const struct uri_parts *own, const struct uri_parts *other)
{
	static const struct pl udp = PL("udp");
	struct pl mine = own->transport.p ? own->transport : udp;

	if (!host_same(own, other) || port_of(own) != port_of(other))
		return false;
	return !other->transport.p || !pl_casecmp(&mine, &other->transport);
}

enum uri_match uri_match(const struct pl *own, const struct pl *other)
{
	struct uri_parts a, b;

	if (!parts_read(&a, own) || !parts_read(&b, other))
		return URI_MATCH_NONE;
	if (is_equal(&a, &b))
		return URI_MATCH_EQUAL;
	if (!text_same(split_take(&a.user, ':'), split_take(&b.user, ':'), false, false))
		return URI_MATCH_NONE;
	return is_same_place(&a, &b) ? URI_MATCH_PLACE : URI_MATCH_USER;
}

static uint32_t text_hash(uint32_t h, struct pl text, bool any_case)
{
	while (text.l) {
		int c = char_next(&text, false);

		h = hash32_byte(h, (unsigned char)(any_case ? tolower(c) : c));
	}
	return h;
}

/* An IPv6 address has many spellings: it counts for nothing here. */
uint32_t uri_hash(const struct pl *uri)
{
	struct uri_parts u;
	uint32_t h = HASH32_START;

	if (!parts_read(&u, uri))
		return h;
	h = text_hash(h, u.user, false);
	return *u.host.p == '[' ? h : text_hash(h, u.host, true);
}

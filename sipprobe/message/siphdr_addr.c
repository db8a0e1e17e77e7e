/* URIs and addresses: From, To (RFC 3261 20.20) and Contact (20.10). */
#include "sipprobe/message/siphdr_private.h"

/* Whether bytes that may all stand in a URI begin like one, and do not end there. */
static bool uri_begins(const struct pl *uri)
{
	struct pl rest = *uri, scheme;

	return rest.l && *rest.p >= 'A' &&
	       siphdr_run_take(&scheme, &rest, SIPHDR_SCHEME) &&
	       siphdr_char_take(&rest, ':') && rest.l;
}

bool siphdr_uri_valid(const struct pl *uri)
{
	const char *end = uri->p + uri->l;

	return uri_begins(uri) && siphdr_run_end(uri->p, end, SIPHDR_URI) == end;
}

/* A display name and a URI in angle brackets. */
static bool name_addr_take(struct pl *uri, struct pl *c)
{
	struct pl token;

	if (siphdr_starts_with(c, '"')) {
		if (!siphdr_quoted_take(c))
			return false;
		siphdr_space_skip(c);
	} else {
		while (siphdr_run_take(&token, c, SIPHDR_TOKEN))
			siphdr_space_skip(c);
	}
	if (!siphdr_char_take(c, '<'))
		return false;
	siphdr_run_take(uri, c, SIPHDR_URI);
	return siphdr_char_take(c, '>') && uri_begins(uri);
}

/* A bare URI ends at its first semicolon, comma or question mark; only the first may
 * stand there. */
static bool addr_spec_take(struct pl *uri, struct pl *c)
{
	uri->p = c->p;
	while (c->l && siphdr_is(*c->p, SIPHDR_URI) && *c->p != ';' && *c->p != ',' &&
	       *c->p != '?')
		pl_advance(c, 1);
	uri->l = c->p - uri->p;
	return siphdr_uri_valid(uri);
}

bool siphdr_addr_read(struct siphdr_addr *a, const struct pl *value)
{
	struct pl c = *value, name, text;

	*a = (struct siphdr_addr){.uri = pl_null};
	if (!name_addr_take(&a->uri, &c)) {
		c = *value;
		if (!addr_spec_take(&a->uri, &c))
			return false;
	}
	while (siphdr_separator_take(&c, ';')) {
		if (!siphdr_param_take(&name, &text, &c))
			return false;
		if (SIPHDR_NAME_IS(&name, "tag") && !siphdr_param_keep(&a->tag, &text))
			return false;
	}
	return !c.l;
}

/* Up to the first byte @ch that no quotes hold; false without one, or in open quotes. */
static bool text_until(struct pl *c, char ch)
{
	while (c->l && *c->p != ch) {
		if (*c->p == '"') {
			if (!siphdr_quoted_take(c))
				return false;
		} else if (siphdr_is(*c->p, SIPHDR_TEXT | SIPHDR_SPACE)) {
			pl_advance(c, 1);
		} else {
			return false;
		}
	}
	return c->l > 0;
}

/* One parameter of a From or To, whatever it is; false where a list goes on. */
static bool loose_param_take(struct siphdr_addr *a, struct pl *c)
{
	struct pl name, text, rest = *c;

	if (siphdr_param_take(&name, &text, &rest)) {
		*c = rest;
		if (SIPHDR_NAME_IS(&name, "tag") && text.l &&
		    !siphdr_param_keep(&a->tag, &text))
			return false;
	}
	if (siphdr_starts_with(c, ','))
		return false;
	return text_until(c, ';') || !c->l;
}

/* Without brackets all up to the first semicolon, but no list. */
static bool loose_spec_take(struct pl *uri, struct pl *c)
{
	const char *end = c->p + c->l;
	struct pl rest = *c;

	if (text_until(&rest, ';'))
		end = rest.p;
	*uri = (struct pl){.p = c->p, .l = end - c->p};
	pl_advance(c, uri->l);
	return uri->l && !pl_strchr(uri, ',') && !pl_strchr(uri, '"');
}

static bool loose_uri_take(struct pl *uri, struct pl *c)
{
	struct pl rest = *c;

	if (!text_until(&rest, '<'))
		return loose_spec_take(uri, c);
	pl_advance(&rest, 1);
	uri->p = rest.p;
	while (rest.l && *rest.p != '>')
		pl_advance(&rest, 1);
	uri->l = rest.p - uri->p;
	*c = rest;
	return uri->l && siphdr_char_take(c, '>');
}

bool siphdr_addr_read_loosely(struct siphdr_addr *a, const struct pl *value)
{
	struct pl c = *value;

	*a = (struct siphdr_addr){.uri = pl_null};
	if (!loose_uri_take(&a->uri, &c))
		return false;
	while (siphdr_separator_take(&c, ';')) {
		if (!loose_param_take(a, &c))
			return false;
	}
	return !c.l;
}

/* Some registrars put the number in quotes, as if it were text. */
static int64_t expires_of(const struct pl *value)
{
	struct pl rest = *value;
	uint32_t seconds;

	if (rest.l > 1 && *rest.p == '"')
		rest = (struct pl){.p = rest.p + 1, .l = rest.l - 2};
	siphdr_space_skip(&rest);
	if (!siphdr_number_take(&seconds, &rest, UINT32_MAX))
		return SIPHDR_EXPIRES_ODD;
	siphdr_space_skip(&rest);
	return rest.l ? SIPHDR_EXPIRES_ODD : (int64_t)seconds;
}

/* In a list, a bare URI ends at a comma too. */
static bool contact_uri_take(struct pl *uri, struct pl *c)
{
	struct pl before = *c;

	if (name_addr_take(uri, c))
		return true;
	*c = before;
	uri->p = c->p;
	while (c->l && siphdr_is(*c->p, SIPHDR_URI) && *c->p != ';' && *c->p != ',')
		pl_advance(c, 1);
	uri->l = c->p - uri->p;
	return siphdr_uri_valid(uri);
}

bool siphdr_contact_take(struct siphdr_contact *v, struct pl *c)
{
	struct pl name, value;
	int64_t seconds;

	siphdr_space_skip(c);
	v->expires_s = -1;
	if (!contact_uri_take(&v->uri, c)) {
		v->uri = pl_null;
		return false;
	}
	while (siphdr_separator_take(c, ';')) {
		if (!siphdr_param_take(&name, &value, c))
			return false;
		if (!SIPHDR_NAME_IS(&name, "expires"))
			continue;
		seconds = expires_of(&value);
		if (v->expires_s < 0 || (seconds >= 0 && seconds < v->expires_s))
			v->expires_s = seconds;
	}
	if (!c->l)
		return true;
	return siphdr_separator_take(c, ',') && c->l;
}

#include "sipprobe/message/siphdr.h"

enum {
	TX = SIPHDR_TEXT,
	VIS = SIPHDR_TEXT | SIPHDR_WORD,
	VAL = VIS | SIPHDR_VALUE,
	TOK = VAL | SIPHDR_TOKEN,
	URI = SIPHDR_URI,
	ALNUM = TOK | URI | SIPHDR_SCHEME | SIPHDR_HOST,
};

const uint8_t siphdr_class[256] = {
	['\t'] = TX | SIPHDR_SPACE,
	['\n'] = SIPHDR_SPACE,
	['\r'] = SIPHDR_SPACE,
	[' '] = TX | SIPHDR_SPACE,
	['!'] = TOK | URI,
	['"'] = VIS,
	['#'] = VAL | URI,
	['$'] = VAL | URI,
	['%'] = TOK | URI,
	['&'] = VAL | URI,
	['\''] = TOK | URI,
	['('] = VIS | URI,
	[')'] = VIS | URI,
	['*'] = TOK | URI,
	['+'] = TOK | URI | SIPHDR_SCHEME,
	[','] = VIS | URI,
	['-'] = ALNUM,
	['.'] = ALNUM,
	['/'] = VAL | URI,
	['0' ... '9'] = ALNUM,
	[':'] = VAL | URI,
	[';'] = VIS | URI,
	['<'] = VIS,
	['='] = VAL | URI,
	['>'] = VIS,
	['?'] = VAL | URI,
	['@'] = VAL | URI,
	['A' ... 'Z'] = ALNUM,
	['['] = VAL | URI,
	['\\'] = VIS,
	[']'] = VAL | URI,
	['^'] = VAL,
	['_'] = TOK | URI | SIPHDR_HOST,
	['`'] = TOK,
	['a' ... 'z'] = ALNUM,
	['{'] = VAL,
	['|'] = VAL,
	['}'] = VAL,
	['~'] = TOK | URI,
	[128 ... 255] = TX,
};

static bool starts_with(const struct pl *c, char ch)
{
	return c->l && *c->p == ch;
}

static bool char_take(struct pl *c, char ch)
{
	if (!starts_with(c, ch))
		return false;
	pl_advance(c, 1);
	return true;
}

/* A separator with white space on both sides. */
static bool separator_take(struct pl *c, char ch)
{
	siphdr_space_skip(c);
	if (!char_take(c, ch))
		return false;
	siphdr_space_skip(c);
	return true;
}

/* The first byte from @p on that is of none of these kinds. */
static const char *run_end(const char *p, const char *end, unsigned kinds)
{
	while (p < end && siphdr_is(*p, kinds))
		p++;
	return p;
}

bool siphdr_space_skip(struct pl *c)
{
	size_t n = run_end(c->p, c->p + c->l, SIPHDR_SPACE) - c->p;

	pl_advance(c, n);
	return n > 0;
}

bool siphdr_run_take(struct pl *run, struct pl *c, unsigned kinds)
{
	run->p = c->p;
	run->l = run_end(c->p, c->p + c->l, kinds) - c->p;
	pl_advance(c, run->l);
	return run->l > 0;
}

bool siphdr_number_take(uint32_t *n, struct pl *c, uint32_t max)
{
	const char *from = c->p;
	uint64_t sum = 0;

	for (; c->l && *c->p >= '0' && *c->p <= '9'; pl_advance(c, 1)) {
		sum = sum * 10 + (*c->p - '0');
		if (sum > max)
			return false;
	}
	*n = sum;
	return c->p != from;
}

/* A quoted string, from quote to quote. A backslash takes the meaning off any byte. */
static bool quoted_take(struct pl *c)
{
	if (!char_take(c, '"'))
		return false;
	while (c->l && *c->p != '"') {
		if (*c->p == '\\')
			pl_advance(c, 1);
		else if (!siphdr_is(*c->p, SIPHDR_TEXT | SIPHDR_SPACE))
			return false;
		if (c->l)
			pl_advance(c, 1);
	}
	return char_take(c, '"');
}

/* A comment, which may hold comments. */
static bool comment_take(struct pl *c)
{
	size_t depth = 0;

	do {
		if (!c->l)
			return false;
		if (*c->p == '(')
			depth++;
		else if (*c->p == ')')
			depth--;
		else if (*c->p == '\\' && c->l > 1)
			pl_advance(c, 1);
		pl_advance(c, 1);
	} while (depth);
	return true;
}

bool siphdr_param_take(struct pl *name, struct pl *value, struct pl *c)
{
	siphdr_space_skip(c);
	if (!siphdr_run_take(name, c, SIPHDR_TOKEN))
		return false;
	*value = pl_null;
	if (!separator_take(c, '='))
		return true;

	value->p = c->p;
	if (starts_with(c, '"') && !quoted_take(c))
		return false;
	if (c->p == value->p)
		siphdr_run_take(value, c, SIPHDR_VALUE);
	value->l = c->p - value->p;
	siphdr_space_skip(c);
	return true;
}

/*
 * Keeps a parameter's value in @slot. Given twice and not the same, which one counts
 * would be anyone's guess; and a branch or tag that is there but empty identifies
 * nothing.
 */
static bool param_keep(struct pl *slot, const struct pl *value)
{
	if (!value->l || (slot->p && pl_cmp(slot, value)))
		return false;
	if (!slot->p)
		*slot = *value;
	return true;
}

/* The same for one that nobody is matched by: the first that says something. */
static bool param_keep_first(struct pl *slot, const struct pl *value)
{
	if (!slot->p && value->l)
		*slot = *value;
	return true;
}

/* Nothing between two semicolons, or behind the last. */
static bool is_param_empty(const struct pl *c)
{
	return !c->l || *c->p == ';' || *c->p == ',' || *c->p == '(';
}

/* @want: in small letters, none of them other than a letter */
static bool name_is(const struct pl *name, const char *want, size_t len)
{
	if (name->l != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((name->p[i] | 0x20) != want[i])
			return false;
	return true;
}

#define NAME_IS(name, want) name_is((name), (want), sizeof(want) - 1)

static bool via_param_take(struct siphdr_via *v, struct pl *c)
{
	struct pl name, value;

	if (is_param_empty(c))
		return true;
	if (!siphdr_param_take(&name, &value, c))
		return false;
	if (NAME_IS(&name, "branch"))
		return param_keep(&v->branch, &value);
	if (NAME_IS(&name, "received"))
		return param_keep_first(&v->received, &value);
	if (!NAME_IS(&name, "rport"))
		return true;
	if (value.p)
		name.l = value.p + value.l - name.p;
	return param_keep_first(&v->rport, &name);
}

static bool host_take(struct pl *host, struct pl *c)
{
	const char *from = c->p;
	struct pl inner;

	if (!char_take(c, '['))
		return siphdr_run_take(host, c, SIPHDR_HOST);
	while (c->l && (*c->p == ':' || siphdr_is(*c->p, SIPHDR_HOST)))
		pl_advance(c, 1);
	inner = (struct pl){.p = from + 1, .l = c->p - from - 1};
	if (!inner.l || !char_take(c, ']'))
		return false;
	*host = (struct pl){.p = from, .l = c->p - from};
	return true;
}

static bool sent_by_take(struct siphdr_via *v, struct pl *c)
{
	uint32_t port;

	if (!host_take(&v->host, c))
		return false;
	v->sent_by = v->host;
	if (!separator_take(c, ':'))
		return true;
	if (!siphdr_number_take(&port, c, UINT16_MAX) || !port)
		return false;
	v->port = port;
	v->sent_by.l = c->p - v->sent_by.p;
	return true;
}

/* SIP/2.0 and the transport, with the white space that must follow. */
static bool sent_protocol_take(struct siphdr_via *v, struct pl *c)
{
	struct pl name, version;

	return siphdr_run_take(&name, c, SIPHDR_TOKEN) && separator_take(c, '/') &&
	       siphdr_run_take(&version, c, SIPHDR_TOKEN) && separator_take(c, '/') &&
	       siphdr_run_take(&v->transport, c, SIPHDR_TOKEN) && siphdr_space_skip(c) &&
	       NAME_IS(&name, "sip") && !pl_strcmp(&version, "2.0");
}

bool siphdr_via_take(struct siphdr_via *v, struct pl *c)
{
	const char *end;

	siphdr_space_skip(c);
	*v = (struct siphdr_via){.value.p = c->p};
	if (!sent_protocol_take(v, c) || !sent_by_take(v, c))
		return false;
	while (separator_take(c, ';')) {
		if (!via_param_take(v, c))
			return false;
	}
	while (starts_with(c, '(')) {
		if (!comment_take(c))
			return false;
		siphdr_space_skip(c);
	}

	for (end = c->p; siphdr_is(end[-1], SIPHDR_SPACE);)
		end--;
	v->value.l = end - v->value.p;
	if (!c->l)
		return true;
	return separator_take(c, ',') && c->l;
}

bool siphdr_uri_valid(const struct pl *uri)
{
	struct pl rest = *uri, run;

	if (!rest.l || !siphdr_is(*rest.p, SIPHDR_SCHEME) || *rest.p < 'A')
		return false;
	return siphdr_run_take(&run, &rest, SIPHDR_SCHEME) && char_take(&rest, ':') &&
	       siphdr_run_take(&run, &rest, SIPHDR_URI) && !rest.l;
}

/* A display name and a URI in angle brackets. */
static bool name_addr_take(struct pl *uri, struct pl *c)
{
	struct pl token;

	if (starts_with(c, '"')) {
		if (!quoted_take(c))
			return false;
		siphdr_space_skip(c);
	} else {
		while (siphdr_run_take(&token, c, SIPHDR_TOKEN))
			siphdr_space_skip(c);
	}
	if (!char_take(c, '<'))
		return false;
	siphdr_run_take(uri, c, SIPHDR_URI);
	return char_take(c, '>') && siphdr_uri_valid(uri);
}

/* A bare URI ends at its first semicolon and holds no comma or question mark. */
static bool addr_spec_take(struct pl *uri, struct pl *c)
{
	uri->p = c->p;
	while (c->l && siphdr_is(*c->p, SIPHDR_URI) && *c->p != ';') {
		if (*c->p == ',' || *c->p == '?')
			return false;
		pl_advance(c, 1);
	}
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
	while (separator_take(&c, ';')) {
		if (!siphdr_param_take(&name, &text, &c))
			return false;
		if (NAME_IS(&name, "tag") && !param_keep(&a->tag, &text))
			return false;
	}
	return !c.l;
}

/* Up to the first byte @ch that no quotes hold; false without one, or in open quotes. */
static bool text_until(struct pl *c, char ch)
{
	while (c->l && *c->p != ch) {
		if (*c->p == '"') {
			if (!quoted_take(c))
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
		if (NAME_IS(&name, "tag") && text.l && !param_keep(&a->tag, &text))
			return false;
	}
	if (starts_with(c, ','))
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
	return uri->l && char_take(c, '>');
}

bool siphdr_addr_read_loosely(struct siphdr_addr *a, const struct pl *value)
{
	struct pl c = *value;

	*a = (struct siphdr_addr){.uri = pl_null};
	if (!loose_uri_take(&a->uri, &c))
		return false;
	while (separator_take(&c, ';')) {
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
	while (separator_take(c, ';')) {
		if (!siphdr_param_take(&name, &value, c))
			return false;
		if (!NAME_IS(&name, "expires"))
			continue;
		seconds = expires_of(&value);
		if (v->expires_s < 0 || (seconds >= 0 && seconds < v->expires_s))
			v->expires_s = seconds;
	}
	if (!c->l)
		return true;
	return separator_take(c, ',') && c->l;
}

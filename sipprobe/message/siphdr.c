/* The pieces that header fields are made of. */
#include "sipprobe/message/siphdr_private.h"

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

bool siphdr_quoted_take(struct pl *c)
{
	pl_advance(c, 1);
	while (c->l && *c->p != '"') {
		if (*c->p == '\\')
			pl_advance(c, 1);
		else if (!siphdr_is(*c->p, SIPHDR_TEXT | SIPHDR_SPACE))
			return false;
		if (c->l)
			pl_advance(c, 1);
	}
	return siphdr_char_take(c, '"');
}

bool siphdr_comment_take(struct pl *c)
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
	if (!siphdr_run_take(name, c, SIPHDR_TOKEN))
		return false;
	*value = pl_null;
	if (!siphdr_separator_take(c, '='))
		return true;

	value->p = c->p;
	if (siphdr_starts_with(c, '"') && !siphdr_quoted_take(c))
		return false;
	if (c->p == value->p)
		siphdr_run_take(value, c, SIPHDR_VALUE);
	value->l = c->p - value->p;
	siphdr_space_skip(c);
	return true;
}

bool siphdr_param_keep(struct pl *slot, const struct pl *value)
{
	if (!value->l || (slot->p && pl_cmp(slot, value)))
		return false;
	if (!slot->p)
		*slot = *value;
	return true;
}

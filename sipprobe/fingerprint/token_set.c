#include "sipprobe/fingerprint/token_set.h"

#include <ctype.h>
#include <stdlib.h>

#include "sipprobe/message/siphdr.h"

void token_set_clear(struct token_set *s)
{
	s->count = 0;
}

static bool is_space(char c)
{
	return siphdr_is(c, SIPHDR_SPACE);
}

void token_set_add(struct token_set *s, const struct pl *token)
{
	struct pl t = *token;

	siphdr_space_skip(&t);
	while (t.l && is_space(t.p[t.l - 1]))
		t.l--;
	if (t.l > TOKEN_SET_BYTES)
		t.l = TOKEN_SET_BYTES;
	if (t.l && s->count < TOKEN_SET_TOKENS)
		s->tokens[s->count++] = t;
}

/* Takes what stands before the next comma that is not quoted, and the comma. */
static struct pl token_take(struct pl *list)
{
	struct pl token = {.p = list->p, .l = 0};
	bool quoted = false;

	for (; token.l < list->l && (quoted || list->p[token.l] != ','); token.l++) {
		if (list->p[token.l] == '"')
			quoted = !quoted;
		else if (quoted && list->p[token.l] == '\\' && token.l + 1 < list->l)
			token.l++;
	}
	pl_advance(list, (ssize_t)(token.l < list->l ? token.l + 1 : token.l));
	return token;
}

void token_set_add_list(struct token_set *s, const struct pl *list)
{
	struct pl rest = *list;

	while (rest.l && s->count < TOKEN_SET_TOKENS) {
		struct pl token = token_take(&rest);

		token_set_add(s, &token);
	}
}

/* The next byte that counts, in lower case; -1: there is none. */
static int token_next(const struct pl *token, size_t *at)
{
	while (*at < token->l && is_space(token->p[*at]))
		(*at)++;
	return *at < token->l ? tolower((unsigned char)token->p[(*at)++]) : -1;
}

static int token_compare(const void *va, const void *vb)
{
	const struct pl *a = va, *b = vb;
	size_t i = 0, k = 0;
	int x, y;

	do {
		x = token_next(a, &i);
		y = token_next(b, &k);
	} while (x == y && x >= 0);
	return x - y;
}

static void token_write(struct trait *out, const struct pl *token, bool upper)
{
	size_t at = 0;
	int c;

	while ((c = token_next(token, &at)) >= 0)
		trait_add(out, (char)(upper ? toupper(c) : c));
}

void token_set_write(struct trait *out, struct token_set *s, bool upper)
{
	qsort(s->tokens, s->count, sizeof(*s->tokens), token_compare);
	for (unsigned i = 0; i < s->count; i++) {
		if (i && !token_compare(&s->tokens[i - 1], &s->tokens[i]))
			continue;
		if (i)
			trait_add_str(out, ", ");
		token_write(out, &s->tokens[i], upper);
	}
}

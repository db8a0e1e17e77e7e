/*
 * A list of tokens as the set that it means: in any order, any case and any spacing, over
 * any number of header fields, each token once.
 */
#ifndef SIPPROBE_FINGERPRINT_TOKEN_SET_H
#define SIPPROBE_FINGERPRINT_TOKEN_SET_H

#include "sipprobe/fingerprint/trait.h"

/* What counts of a list that is longer than any: its first tokens, their first bytes. */
enum { TOKEN_SET_TOKENS = 128, TOKEN_SET_BYTES = 64 };

struct token_set {
	unsigned count;
	struct pl tokens[TOKEN_SET_TOKENS]; /* bytes of whoever keeps the list */
};

void token_set_clear(struct token_set *s);

/* Adds one token; an empty one is none. */
void token_set_add(struct token_set *s, const struct pl *token);

/* Adds the tokens of a list, which commas part that are not quoted. */
void token_set_add_list(struct token_set *s, const struct pl *list);

/* Orders the set and writes it, letters in @upper or lower case: "ACK, BYE, INVITE". */
void token_set_write(struct trait *out, struct token_set *s, bool upper);

#endif

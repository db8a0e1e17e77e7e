/* What reads header fields by these pieces: siphdr.c, siphdr_via.c and siphdr_addr.c. */
#ifndef SIPPROBE_MESSAGE_SIPHDR_PRIVATE_H
#define SIPPROBE_MESSAGE_SIPHDR_PRIVATE_H

#include "sipprobe/message/siphdr.h"

static inline bool siphdr_starts_with(const struct pl *c, char ch)
{
	return c->l && *c->p == ch;
}

static inline bool siphdr_char_take(struct pl *c, char ch)
{
	if (!siphdr_starts_with(c, ch))
		return false;
	pl_advance(c, 1);
	return true;
}

/* A separator with white space on both sides. */
static inline bool siphdr_separator_take(struct pl *c, char ch)
{
	siphdr_space_skip(c);
	if (!siphdr_char_take(c, ch))
		return false;
	siphdr_space_skip(c);
	return true;
}

/* A quoted string, from the quote that it begins with to the next. A backslash takes the
 * meaning off any byte. */
bool siphdr_quoted_take(struct pl *c);

/* A comment, which may hold comments. */
bool siphdr_comment_take(struct pl *c);

/*
 * Keeps a parameter's value in @slot. Given twice and not the same, which one counts
 * would be anyone's guess; and a branch or tag that is there but empty identifies
 * nothing.
 */
bool siphdr_param_keep(struct pl *slot, const struct pl *value);

/* @want: in small letters and hyphens */
static inline bool siphdr_name_is(const struct pl *name, const char *want, size_t len)
{
	if (name->l != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((name->p[i] | 0x20) != want[i])
			return false;
	return true;
}

#define SIPHDR_NAME_IS(name, want) siphdr_name_is((name), (want), sizeof(want) - 1)

#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sipprobe/chain.h"

static void texts_of(const char ***out, struct chain_link *link)
{
	const char **texts[CHAIN_TEXTS] = {&link->subject, &link->issuer, &link->names,
					   &link->serial,  &link->key,	  &link->sha256};

	memcpy(out, texts, sizeof(texts));
}

static size_t text_bytes(const struct chain_link *from)
{
	const char **texts[CHAIN_TEXTS];
	struct chain_link link = *from;
	size_t bytes = 0;

	texts_of(texts, &link);
	for (unsigned i = 0; i < CHAIN_TEXTS; i++)
		bytes += strlen(*texts[i]) + 1;
	return bytes;
}

/* Moves a link's texts to @room and returns where the next ones go. */
static char *move_texts(struct chain_link *link, char *room)
{
	const char **texts[CHAIN_TEXTS];

	texts_of(texts, link);
	for (unsigned i = 0; i < CHAIN_TEXTS; i++) {
		size_t bytes = strlen(*texts[i]) + 1;

		*texts[i] = memcpy(room, *texts[i], bytes);
		room += bytes;
	}
	return room;
}

int chain_alloc(struct chain **cp, const struct chain_link *links, unsigned count)
{
	size_t bytes = sizeof(struct chain) + count * sizeof(*links);
	struct chain *c;
	char *room;

	for (unsigned i = 0; i < count; i++)
		bytes += text_bytes(&links[i]);
	c = calloc(1, bytes);
	if (!c)
		return ENOMEM;
	atomic_init(&c->refs, 1);
	c->count = count;
	room = (char *)&c->links[count];
	for (unsigned i = 0; i < count; i++) {
		c->links[i] = links[i];
		room = move_texts(&c->links[i], room);
	}
	*cp = c;
	return 0;
}

struct chain *chain_ref(struct chain *c)
{
	if (c)
		atomic_fetch_add(&c->refs, 1);
	return c;
}

void chain_unref(struct chain *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}

bool chain_equal(const struct chain *a, const struct chain *b)
{
	if (!a || !b)
		return a == b;
	if (a->count != b->count || a->left_out != b->left_out ||
	    a->verified != b->verified || strcmp(a->version, b->version) != 0 ||
	    strcmp(a->cipher, b->cipher) != 0)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (strcmp(a->links[i].sha256, b->links[i].sha256) != 0)
			return false;
	return true;
}

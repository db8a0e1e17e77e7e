#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK_FIRST = 4096,
	/* Above malloc's mmap threshold, so that freeing one returns it to the system. */
	CHUNK_LAST = 1 << 18,
};

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* of data */
	size_t used;
	alignas(16) unsigned char data[];
};

static struct arena_chunk *chunk_add(struct arena *a, size_t need)
{
	size_t size = a->head ? a->head->size * 2 : CHUNK_FIRST;
	struct arena_chunk *c;

	if (size > CHUNK_LAST)
		size = CHUNK_LAST;
	if (size < need)
		size = need;
	if (size > SIZE_MAX - sizeof(*c))
		return NULL;
	c = malloc(sizeof(*c) + size);
	if (!c)
		return NULL;
	c->next = a->head;
	c->size = size;
	c->used = 0;
	a->head = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t size, size_t align)
{
	struct arena_chunk *c = a->head;
	size_t at = c ? (c->used + align - 1) & ~(align - 1) : 0;

	if (!c || at > c->size || size > c->size - at) {
		c = chunk_add(a, size);
		if (!c)
			return NULL;
		at = 0;
	}
	c->used = at + size;
	return memset(c->data + at, 0, size);
}

char *arena_copy(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1, 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *c = a->head;

	while (c) {
		struct arena_chunk *next = c->next;

		/* Passwords are among what is kept here. */
		explicit_bzero(c->data, c->used);
		free(c);
		c = next;
	}
	a->head = NULL;
}

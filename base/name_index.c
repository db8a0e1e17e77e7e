#include "base/name_index.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { SLOTS_MIN = 64 };

static uint32_t name_index_hash(const char *name)
{
	return (uint32_t)hash_mix(hash_text(HASH_START, name));
}

static size_t name_index_next(const struct name_index *n, size_t slot)
{
	return (slot + 1) & (n->size - 1);
}

/* Puts an element into the first free slot from that of its hash on. */
static void name_index_place(struct name_index *n, const void *element, uint32_t hash)
{
	size_t i = hash & (n->size - 1);

	while (n->slots[i])
		i = name_index_next(n, i);
	n->slots[i] = element;
	n->hashes[i] = hash;
}

static int name_index_grow(struct name_index *n)
{
	const struct name_index old = *n;
	size_t size = n->size ? n->size * 2 : SLOTS_MIN;
	const void **slots = calloc(size, sizeof(*n->slots) + sizeof(*n->hashes));

	if (!slots)
		return ENOMEM;
	n->slots = slots;
	n->hashes = (uint32_t *)(slots + size);
	n->size = size;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i])
			name_index_place(n, old.slots[i], old.hashes[i]);
	free(old.slots);
	return 0;
}

int name_index_reserve(struct name_index *n, size_t more)
{
	int err = 0;

	while ((n->used + more) * 4 > n->size * 3 && !err)
		err = name_index_grow(n);
	return err;
}

int name_index_put(struct name_index *n, const void *element)
{
	/* Where it cannot grow it takes more while a slot stays free to end a search. */
	if (n->used * 4 >= n->size * 3 && name_index_grow(n) && n->used + 1 >= n->size)
		return ENOMEM;
	name_index_place(n, element, name_index_hash(n->name(element)));
	n->used++;
	return 0;
}

/* Fills the gap at @gap with what lies behind its place, up to the next free slot. */
static void name_index_close(struct name_index *n, size_t gap)
{
	size_t mask = n->size - 1;

	for (size_t i = name_index_next(n, gap); n->slots[i]; i = name_index_next(n, i)) {
		if (((i - n->hashes[i]) & mask) < ((i - gap) & mask))
			continue;
		n->slots[gap] = n->slots[i];
		n->hashes[gap] = n->hashes[i];
		gap = i;
	}
	n->slots[gap] = NULL;
}

void name_index_remove(struct name_index *n, const void *element)
{
	size_t i;

	if (!n->size)
		return;
	i = name_index_hash(n->name(element)) & (n->size - 1);
	while (n->slots[i] && n->slots[i] != element)
		i = name_index_next(n, i);
	if (!n->slots[i])
		return;
	name_index_close(n, i);
	n->used--;
}

void *name_index_find(const struct name_index *n, const char *name)
{
	uint32_t hash = name_index_hash(name);
	size_t i = hash & (n->size - 1);

	if (!n->size)
		return NULL;
	while (n->slots[i] &&
	       (n->hashes[i] != hash || strcmp(n->name(n->slots[i]), name) != 0))
		i = name_index_next(n, i);
	return (void *)(uintptr_t)n->slots[i];
}

void name_index_free(struct name_index *n)
{
	free(n->slots);
	n->slots = NULL;
	n->hashes = NULL;
	n->size = n->used = 0;
}

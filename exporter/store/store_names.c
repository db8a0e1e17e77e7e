/* The store's rows by the trunks' names, for pages about one of them. */
#include <stdlib.h>
#include <string.h>

#include "exporter/store/store_rows.h"

enum { NAMES_MIN = 64 };

/* FNV-1a. Names come from the configuration, so nobody picks them to collide. */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return hash;
}

static void store_names_put(struct store_names *n, struct store_trunk *row)
{
	struct store_trunk **slot = &n->slots[row->name_hash & (n->size - 1)];

	row->next_name = *slot;
	*slot = row;
}

/* Without memory the chains grow longer, which is slower and nothing worse. */
static void store_names_grow(struct store_names *n)
{
	struct store_names grown = {.size = n->size ? n->size * 2 : NAMES_MIN,
				    .count = n->count};

	grown.slots = calloc(grown.size, sizeof(struct store_trunk *));
	if (!grown.slots)
		return;
	for (size_t i = 0; i < n->size; i++) {
		while (n->slots[i]) {
			struct store_trunk *row = n->slots[i];

			n->slots[i] = row->next_name;
			store_names_put(&grown, row);
		}
	}
	free(n->slots);
	*n = grown;
}

void store_names_add(struct store_names *n, struct store_trunk *row, const char *name)
{
	row->name_hash = hash_of(name);
	if (n->count >= n->size)
		store_names_grow(n);
	if (!n->size)
		return;
	store_names_put(n, row);
	n->count++;
}

void store_names_remove(struct store_names *n, struct store_trunk *row)
{
	struct store_trunk **at;

	if (!n->size)
		return;
	at = &n->slots[row->name_hash & (n->size - 1)];
	while (*at && *at != row)
		at = &(*at)->next_name;
	if (!*at)
		return;
	*at = row->next_name;
	n->count--;
}

struct store_trunk *store_names_find(const struct store_names *n, const char *name)
{
	uint32_t hash = hash_of(name);
	struct store_trunk *row = n->size ? n->slots[hash & (n->size - 1)] : NULL;

	while (row && (row->name_hash != hash || strcmp(row->conf->name, name)))
		row = row->next_name;
	return row;
}

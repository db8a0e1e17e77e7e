#include "base/set.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Keys are names out of files that whoever runs the exporter wrote: no hash to defend. */
static uint32_t set_hash(const void *key, size_t len)
{
	const unsigned char *p = key;
	uint64_t h = HASH_START;

	for (size_t i = 0; i < len; i++)
		h = hash_byte(h, p[i]);
	return (uint32_t)hash_mix(h);
}

static struct set_entry *set_slot(const struct set *s, const void *key, size_t len,
				  uint32_t hash)
{
	size_t i = hash & (s->size - 1);

	for (;; i = (i + 1) & (s->size - 1)) {
		struct set_entry *e = &s->slots[i];

		if (!e->key ||
		    (e->hash == hash && e->len == len && !memcmp(e->key, key, len)))
			return e;
	}
}

static int set_grow(struct set *s)
{
	size_t size = s->size ? s->size * 2 : 64;
	struct set_entry *slots = calloc(size, sizeof(*slots));
	size_t mask = size - 1;

	if (!slots)
		return -1;
	for (size_t i = 0; i < s->size; i++) {
		size_t at = s->slots[i].hash & mask;

		if (!s->slots[i].key)
			continue;
		while (slots[at].key)
			at = (at + 1) & mask;
		slots[at] = s->slots[i];
	}
	free(s->slots);
	s->slots = slots;
	s->size = size;
	return 0;
}

struct set_entry *set_put(struct set *s, const void *key, size_t len)
{
	uint32_t hash = set_hash(key, len);
	struct set_entry *e;

	if (len > UINT32_MAX || (s->used * 4 >= s->size * 3 && set_grow(s)))
		return NULL;
	e = set_slot(s, key, len, hash);
	if (!e->key) {
		*e = (struct set_entry){.key = key, .len = (uint32_t)len, .hash = hash};
		s->used++;
	}
	return e;
}

struct set_entry *set_find(const struct set *s, const void *key, size_t len)
{
	struct set_entry *e = s->size ? set_slot(s, key, len, set_hash(key, len)) : NULL;

	return e && e->key ? e : NULL;
}

void set_free(struct set *s)
{
	free(s->slots);
	memset(s, 0, sizeof(*s));
}

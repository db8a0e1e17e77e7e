#include "config/pool.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, then a mixing step: the low bits choose the slot. */
static uint32_t hash_bytes(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15;
	return (uint32_t)(h >> 32);
}

static struct set_entry *slot_of(const struct set *s, const void *key, size_t len,
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
	uint32_t hash = hash_bytes(key, len);
	struct set_entry *e;

	if (len > UINT32_MAX || (s->used * 4 >= s->size * 3 && set_grow(s)))
		return NULL;
	e = slot_of(s, key, len, hash);
	if (!e->key) {
		*e = (struct set_entry){.key = key, .len = (uint32_t)len, .hash = hash};
		s->used++;
	}
	return e;
}

struct set_entry *set_find(const struct set *s, const void *key, size_t len)
{
	struct set_entry *e = s->size ? slot_of(s, key, len, hash_bytes(key, len)) : NULL;

	return e && e->key ? e : NULL;
}

void set_free(struct set *s)
{
	free(s->slots);
	memset(s, 0, sizeof(*s));
}

/* The value of an entry says that its key is the arena's copy already. */
static const void *pool_take(struct pool *p, struct set *s, const void *data, size_t len,
			     size_t align, size_t extra)
{
	struct set_entry *e = set_put(s, data, len);
	void *copy;

	if (!e || e->value)
		return e ? e->key : NULL;
	copy = arena_alloc(p->arena, len + extra, align);
	if (!copy) {
		/* The set must not keep a key that is the caller's. */
		set_free(s);
		return NULL;
	}
	memcpy(copy, data, len);
	e->key = copy;
	e->value = 1;
	return copy;
}

const char *pool_string(struct pool *p, const char *text, size_t len)
{
	return pool_take(p, &p->strings, text, len, 1, 1);
}

const void *pool_blob(struct pool *p, const void *blob, size_t size)
{
	return pool_take(p, &p->blobs, blob, size, 8, 0);
}

void pool_free(struct pool *p)
{
	set_free(&p->strings);
	set_free(&p->blobs);
}

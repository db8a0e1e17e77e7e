/* A hash set of byte strings, and on it a pool that stores equal things once. */
#ifndef CONFIG_POOL_H
#define CONFIG_POOL_H

#include <stdint.h>

#include "base/arena.h"

struct set_entry {
	const void *key; /* NULL: a free slot */
	uint32_t len;
	uint32_t hash;
	uintptr_t value; /* the user's; 0 when new */
};

/* All zeros is an empty set. Keys are kept by the caller. */
struct set {
	struct set_entry *slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

/*
 * Finds a key, or puts it in with value 0.
 *
 * Returns the entry, valid until the next call; NULL when memory ran out.
 */
struct set_entry *set_put(struct set *s, const void *key, size_t len);

/* Returns the entry of a key, or NULL. */
struct set_entry *set_find(const struct set *s, const void *key, size_t len);

/* The set is empty afterwards; keys and values are the user's. */
void set_free(struct set *s);

/* What was stored lives in the arena and outlives pool_free(). */
struct pool {
	struct arena *arena;
	struct set strings;
	struct set blobs;
};

/* The one copy of a string, terminated; NULL when memory ran out. */
const char *pool_string(struct pool *p, const char *text, size_t len);

/* The one copy of a struct or array without padding garbage, aligned for any type. */
const void *pool_blob(struct pool *p, const void *blob, size_t size);

/* Forgets what there is one copy of. The copies stay in the arena. */
void pool_free(struct pool *p);

#endif

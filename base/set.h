/* A hash set of byte strings. */
#ifndef BASE_SET_H
#define BASE_SET_H

#include <stddef.h>
#include <stdint.h>

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

#endif

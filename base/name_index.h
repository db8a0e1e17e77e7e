/*
 * An index of things by the names that they carry, which stay where they are. Twelve
 * bytes a slot, of which at least a quarter is free. The hash is no defence: for names
 * that a configuration gives.
 */
#ifndef BASE_NAME_INDEX_H
#define BASE_NAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* Start with {.name = HANDLER}; free with name_index_free(). */
struct name_index {
	/* Name of an element, the same text whenever it is put in, found or removed. */
	const char *(*name)(const void *element);
	const void **slots;
	uint32_t *hashes; /* of the names, so that growing looks at no element */
	size_t size;	  /* a power of two, or 0 */
	size_t used;
};

/*
 * Puts an element in, which stays the caller's. Of two with one name name_index_find()
 * gives that which came first.
 *
 * Returns 0; or ENOMEM, and it is not in.
 */
int name_index_put(struct name_index *n, const void *element);

/*
 * Makes room for so many more, so that name_index_put() cannot fail for them.
 *
 * Returns 0 or ENOMEM.
 */
int name_index_reserve(struct name_index *n, size_t more);

/* Takes an element out; one that is not in is none of its business. */
void name_index_remove(struct name_index *n, const void *element);

/* The element of that name, as it was put in, or NULL. */
void *name_index_find(const struct name_index *n, const char *name);

/* Empties it. The elements are not looked at. */
void name_index_free(struct name_index *n);

#endif

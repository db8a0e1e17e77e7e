/* Memory that is taken in small pieces and given back all at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* All zeros is an empty arena. */
struct arena {
	struct arena_chunk *head;
};

/*
 * @align: a power of two, at most 16
 *
 * Returns zeroed memory that lives until arena_free(), or NULL.
 */
void *arena_alloc(struct arena *a, size_t size, size_t align);

/* A terminated copy of @len bytes, or NULL. */
char *arena_copy(struct arena *a, const char *text, size_t len);

/* The arena is empty afterwards and may be used again. */
void arena_free(struct arena *a);

#endif

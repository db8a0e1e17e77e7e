/* A pool that stores equal strings and structs once. */
#ifndef CONFIG_READER_POOL_H
#define CONFIG_READER_POOL_H

#include "base/arena.h"
#include "base/set.h"

/* Its strings and structs live in the arena and outlive pool_free(). */
struct pool {
	struct arena *arena;
	struct set strings;
	struct set blobs;
};

/* The one copy of a string, terminated; NULL when memory ran out. */
const char *pool_string(struct pool *p, const char *text, size_t len);

/* The one copy of a struct or array without padding garbage, aligned for any type. */
const void *pool_blob(struct pool *p, const void *blob, size_t size);

/* Forgets which copies there are; they stay in the arena. */
void pool_free(struct pool *p);

#endif

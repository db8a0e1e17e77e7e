/*
 * Room for a copy that is made under a lock: got before, laid out in it without a call
 * that could wait. Blocks never move, so what was taken stays where it is.
 */
#ifndef EXPORTER_STORE_COPY_ARENA_H
#define EXPORTER_STORE_COPY_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct copy_arena_block {
	struct copy_arena_block *next; /* an older one */
	size_t len;
	size_t cap;
	_Alignas(8) char data[];
};

/* Bytes that @size takes up: every piece begins at a multiple of eight. */
static inline size_t copy_arena_bytes(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* Whether there is room for pieces of @bytes together. @newest: NULL: none yet */
static inline bool copy_arena_fit(const struct copy_arena_block *newest, size_t bytes)
{
	return newest && newest->len + bytes <= newest->cap;
}

/* A piece of @size bytes; the caller has made sure of the room. */
static inline void *copy_arena_take(struct copy_arena_block *newest, size_t size)
{
	void *p = newest->data + newest->len;

	newest->len += copy_arena_bytes(size);
	return p;
}

/* Makes room for @bytes where it is wanting. Returns 0 or ENOMEM. */
int copy_arena_reserve(struct copy_arena_block **newest, size_t bytes);

/* Frees all blocks; *newest is NULL afterwards. */
void copy_arena_free(struct copy_arena_block **newest);

#endif

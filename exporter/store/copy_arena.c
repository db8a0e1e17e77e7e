#include "exporter/store/copy_arena.h"

#include <errno.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)1 << 18)

int copy_arena_reserve(struct copy_arena_block **newest, size_t bytes)
{
	size_t cap = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct copy_arena_block *block;

	if (copy_arena_fit(*newest, bytes))
		return 0;
	block = malloc(sizeof(*block) + cap);
	if (!block)
		return ENOMEM;
	*block = (struct copy_arena_block){.next = *newest, .cap = cap};
	*newest = block;
	return 0;
}

void copy_arena_free(struct copy_arena_block **newest)
{
	while (*newest) {
		struct copy_arena_block *next = (*newest)->next;

		free(*newest);
		*newest = next;
	}
}

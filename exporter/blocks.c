#include "exporter/blocks.h"

#include <errno.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)1 << 18)

int blocks_reserve(struct block **newest, size_t bytes)
{
	size_t cap = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct block *block;

	if (blocks_fit(*newest, bytes))
		return 0;
	block = malloc(sizeof(*block) + cap);
	if (!block)
		return ENOMEM;
	*block = (struct block){.next = *newest, .cap = cap};
	*newest = block;
	return 0;
}

void blocks_free(struct block **newest)
{
	while (*newest) {
		struct block *next = (*newest)->next;

		free(*newest);
		*newest = next;
	}
}

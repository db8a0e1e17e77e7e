#include "config/shard.h"

#include "base/hash.h"

unsigned config_shard_of(const char *name, unsigned total)
{
	return (unsigned)(hash_mix(hash_text(HASH_START, name)) % total);
}

void config_shard_keep(struct config *c, const struct config_shard *shard)
{
	/* The array is the configuration's own; only its users may not write. */
	struct config_trunk *trunks = (struct config_trunk *)(uintptr_t)c->trunks;
	size_t kept = 0;

	if (shard->total < 2)
		return;
	for (size_t i = 0; i < c->trunk_count; i++) {
		if (config_shard_of(trunks[i].name, shard->total) == shard->index)
			trunks[kept++] = trunks[i];
	}
	c->trunk_count = kept;
}

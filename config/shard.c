#include "config/shard.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

unsigned config_shard_of(const char *name, unsigned total)
{
	return (unsigned)(hash_mix(hash_text(HASH_START, name)) % total);
}

/* The array is the configuration's own; only its users may not write. */
static struct config_trunk *trunks_of(const struct config *c)
{
	return (struct config_trunk *)(uintptr_t)c->trunks;
}

int config_trunks_fit(struct config *c)
{
	size_t count = c->trunk_count ? c->trunk_count : 1;
	struct config_trunk *less;

	if (!c->trunks)
		return 0;
	less = realloc(trunks_of(c), count * sizeof(*less));
	if (!less)
		return ENOMEM;
	c->trunks = less;
	return 0;
}

void config_shard_keep(struct config *c, const struct config_shard *shard)
{
	struct config_trunk *trunks = trunks_of(c);
	size_t kept = 0;

	if (shard->total < 2)
		return;
	for (size_t i = 0; i < c->trunk_count; i++) {
		if (config_shard_of(trunks[i].name, shard->total) == shard->index)
			trunks[kept++] = trunks[i];
	}
	c->trunk_count = kept;
	/* Without memory to make it smaller the array is as good as it was. */
	(void)config_trunks_fit(c);
}

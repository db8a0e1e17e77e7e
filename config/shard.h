/* A share of the trunks, chosen by their names alone. */
#ifndef CONFIG_SHARD_H
#define CONFIG_SHARD_H

#include "config/config.h"

struct config_shard {
	unsigned index; /* below total */
	unsigned total; /* 0 or 1: all trunks are in */
};

/*
 * The shard, 0 to @total - 1, of a trunk of this name. The same in every version: FNV-1a
 * (64 bits) over the bytes of the name; h ^= h >> 33; h *= 0xff51afd7ed558ccd;
 * h ^= h >> 33; h modulo @total.
 */
unsigned config_shard_of(const char *name, unsigned total);

/* Takes out of a configuration, before its first use, the trunks of other shards. */
void config_shard_keep(struct config *c, const struct config_shard *shard);

/*
 * Gives back the room behind the last trunk, before a configuration's first use. 0 or
 * ENOMEM; nothing has changed then.
 */
int config_trunks_fit(struct config *c);

#endif

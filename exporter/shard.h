/* --shard and --total-shards. */
#ifndef EXPORTER_SHARD_H
#define EXPORTER_SHARD_H

#include <stddef.h>

#include "config/shard.h"

enum { SHARD_TOTAL_MAX = 10000 };

/*
 * Reads both flags' values; NULL stands for a flag that is not there.
 *
 * @shard:    a number, or "auto" for the one that ends @host, as in "siptrunk-2"
 * @host:     the machine's name up to its first dot or in full
 * @err_text: on failure, a sentence for people
 *
 * Returns 0 or EINVAL. @out is all zeros when neither flag is there.
 */
int shard_parse(struct config_shard *out, const char *shard, const char *total,
		const char *host, char *err_text, size_t err_size);

#endif

/*
 * The store as it was a moment ago, for one scrape: copied piece by piece, so that the
 * main thread never waits for more than one piece, and read without any lock.
 */
#ifndef EXPORTER_SNAPSHOT_H
#define EXPORTER_SNAPSHOT_H

#include "exporter/stats.h"
#include "exporter/store.h"

struct snapshot_trunk {
	struct stats_trunk stats;
	struct slice labels;
	struct slice info;	 /* labels that siptrunk_info carries besides */
	struct slice own_file;	 /* label of the certificate we show, or empty */
	const uint32_t *inbound; /* STATS_METHODS counters, or NULL */
	size_t target_first;
	size_t target_count;
};

struct snapshot_target {
	struct stats_target stats;
	struct slice labels;	/* the trunk's and its own */
	const uint32_t *counts; /* a bucket's own count; buckets->count + 1 of them */
	const uint32_t *tls_failures; /* TLS_FAILURES counters, or NULL */
	const struct stats_code *codes;
	size_t code_count;
};

struct snapshot {
	const struct stats_buckets *buckets; /* the store's, which never change */
	struct stats_exporter exporter;
	struct snapshot_trunk *trunks; /* in the order of the configuration */
	size_t trunk_count;
	struct snapshot_target *targets; /* by trunk */
	size_t target_count;
	struct snapshot_block *blocks;
};

/*
 * Any thread. Freed with snapshot_free().
 *
 * Returns 0; ENOMEM; EBUSY when the set of trunks kept changing for half a second.
 */
int snapshot_take(struct snapshot **np, struct store *s);

void snapshot_free(struct snapshot *n);

#endif

/*
 * The store as it was a moment ago, for one scrape: copied piece by piece, so that the
 * main thread never waits for more than one piece, and read without any lock.
 */
#ifndef EXPORTER_STORE_SNAPSHOT_H
#define EXPORTER_STORE_SNAPSHOT_H

#include "exporter/store/copy_arena.h"
#include "exporter/store/native_histogram.h"
#include "exporter/store/stats.h"
#include "exporter/store/store.h"

struct snapshot_trunk {
	struct stats_trunk stats;
	int64_t since_unix_ns; /* of the state */
	struct slice labels;
	struct slice info;	       /* labels that siptrunk_info carries besides */
	struct slice own_file;	       /* label of the certificate we show, or empty */
	struct stats_own own;	       /* what that is worth */
	struct slice own_use;	       /* the same, and that it is shown as a client */
	const struct stats_bill *bill; /* NULL: it makes no calls */
	const struct stats_inbound *inbound; /* NULL: its peer asked nothing yet */
	size_t target_first;
	size_t target_count;
};

struct snapshot_target {
	struct stats_target stats;
	struct slice labels; /* the trunk's and its own */
	/* A bucket's own count; buckets->count + 1 of them. */
	union {
		const uint32_t *counts;
		const uint64_t *wide_counts; /* those of all trunks together, if `wide` */
	};
	int64_t registered_until_s;    /* 0: no registration known */
	const struct stats_tls *tls;   /* NULL: it is not over TLS */
	const struct stats_call *call; /* NULL: it makes no calls */
	const struct stats_ways *ways; /* NULL: copies have no numbers */
	const uint32_t *changes; /* of its peer: PEER_TRAITS counters; NULL: all are 0 */
	const struct survey_size_report *size; /* NULL: nothing is known of sizes */
	const struct stats_train *train;       /* NULL: there was none */
	const struct stats_ending *failures;   /* rising by outcome */
	size_t failure_count;
	const struct stats_ending *codes; /* rising by code */
	size_t code_count;
	/* Only in a snapshot that was asked for them. */
	const struct native_histogram *native; /* NULL: no observation yet, or not kept */
	const struct stats_exemplar *exemplars; /* rising by bucket */
	size_t exemplar_count;
	bool classic; /* it has no native histogram, ever */
	bool wide;
};

static inline uint64_t snapshot_count(const struct snapshot_target *t, size_t bucket)
{
	return t->wide ? t->wide_counts[bucket] : t->counts[bucket];
}

struct snapshot {
	const struct stats_buckets *buckets; /* the store's, which never change */
	const struct stats_buckets *call_buckets;
	const struct stats_buckets *media_buckets;
	const struct stats_buckets *lag_buckets;
	int native_schema; /* to begin with … */
	bool native_kept;  /* … if native histograms are kept */
	struct stats_exporter exporter;
	struct snapshot_trunk *trunks; /* in the order of the configuration */
	size_t trunk_count;
	struct snapshot_target *targets; /* by trunk */
	size_t target_count;
	struct copy_arena_block *blocks; /* what the pointers above lead to */
};

/* Parts of a copy that not every scrape needs. */
enum {
	SNAPSHOT_NATIVE = 1,
	SNAPSHOT_EXEMPLARS = 2,
};

/*
 * Any thread. Freed with snapshot_free().
 *
 * @more: of the bits above, or 0
 *
 * Returns 0; ENOMEM; EBUSY when the set of trunks kept changing for half a second.
 */
int snapshot_take(struct snapshot **np, struct store *s, unsigned more);

/* NULL is ignored. */
void snapshot_free(struct snapshot *n);

#endif

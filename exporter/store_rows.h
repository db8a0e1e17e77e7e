/* Inside of the store: for store.c, which writes, and snapshot.c, which copies. */
#ifndef EXPORTER_STORE_ROWS_H
#define EXPORTER_STORE_ROWS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "exporter/native.h"
#include "exporter/stats.h"
#include "exporter/store.h"

/* Seconds over which the largest schedule lag is told, a slot each. */
#define STORE_LAG_SLOTS 60

struct store_target {
	TAILQ_ENTRY(store_target) entry;
	struct store_trunk *row;
	struct stats_target stats;
	struct stats_code *codes;	  /* rising by code */
	struct native *native;		  /* NULL: no observation, or none is kept */
	struct stats_exemplar *exemplars; /* rising by bucket */
	bool native_lost; /* an observation was: half a histogram is never shown */
	uint8_t exemplar_count;
	uint32_t *tls_failures; /* TLS_FAILURES counters; NULL: not over TLS */
	uint16_t code_count;
	uint16_t code_cap;
	uint16_t label_len;
	uint32_t counts[]; /* one a bucket and +Inf; the label text follows */
};

TAILQ_HEAD(store_targets, store_target);

struct store_trunk {
	TAILQ_ENTRY(store_trunk) entry;
	struct store_targets targets;
	uint32_t *inbound; /* STATS_METHODS counters; NULL: no request yet */
	char *own_file;	   /* label text of our certificate's file, or NULL */
	struct stats_trunk stats;
	uint32_t target_count;
	uint32_t label_len;
	uint32_t info_len;
	char text[]; /* labels, then those of siptrunk_info */
};

TAILQ_HEAD(store_trunks, store_trunk);

struct store_lag {
	int64_t second; /* monotonic */
	int64_t lag_ns;
};

struct store {
	pthread_mutex_t lock;
	atomic_bool writer_waits;
	atomic_bool ready;
	atomic_bool exemplars;	      /* some client takes them */
	struct stats_buckets buckets; /* never changes */
	struct native_scale native;   /* never changes once there are trunks */
	struct store_trunks trunks;
	size_t target_count;
	uint64_t generation; /* moves with every trunk added, moved or removed */
	struct stats_exporter exporter;
	struct store_lag lag[STORE_LAG_SLOTS];
};

/* The label text of a target, label_len bytes. */
static inline char *store_target_text(const struct store *s, struct store_target *t)
{
	return (char *)(t->counts + s->buckets.count + 1);
}

/* Counts a response in the target's histograms. With the lock held. */
void store_observe(const struct store *s, struct store_target *t,
		   const struct probe_result *result);

/*
 * A reader's hold on the store. It lets a writer that waits go first: a reader that comes
 * back at once for its next piece would else win the lock again and again.
 */
void store_read_lock(struct store *s);
void store_read_unlock(struct store *s);

/* With the lock held: the largest lag of the last minute. */
int64_t store_lag_ns(const struct store *s, int64_t now_ns);

#endif

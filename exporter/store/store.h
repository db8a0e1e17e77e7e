/*
 * Memory of every trunk: counters, gauges, histograms. The main
 * thread writes, HTTP threads copy; one lock, held for a few hundred nanoseconds.
 */
#ifndef EXPORTER_STORE_STORE_H
#define EXPORTER_STORE_STORE_H

#include <stdint.h>

#include "config/config.h"
#include "config/shard.h"
#include "sipprobe/engine.h"

struct store;
struct store_trunk;  /* one trunk's row */
struct store_target; /* one of its targets' cell */

/*
 * @buckets: upper bounds in seconds, rising, without +Inf; copied
 *
 * Returns 0 or ENOMEM.
 */
int store_alloc(struct store **sp, const double *buckets, size_t bucket_count);
void store_free(struct store *s);

/*
 * Has native histograms kept beside the classic ones; for a store without trunks.
 *
 * @schema:      -4 to 8: 2^schema buckets each time a duration doubles
 * @max_buckets: of one histogram, at least 8; beyond, its resolution is halved
 */
void store_keep_native(struct store *s, int schema, unsigned max_buckets);

/* Has an exemplar of each bucket kept from now on; any thread, as often as it likes. */
void store_keep_exemplars(struct store *s);

/*
 * Before the first trunk: how much of single probes is remembered, as history_init() has
 * it. Without this call, nothing is.
 */
void store_remember(struct store *s, unsigned probes, size_t bytes);

/*
 * Writers, main thread only; they mirror struct engine_events. A row or cell is gone
 * with its remove call and never shown again. NULL is returned without memory; every
 * writer takes NULL for a row or a cell and then does nothing.
 *
 * @trunk: kept by the caller until it is moved or removed
 */
struct store_trunk *store_trunk_add(struct store *s, const struct config_trunk *trunk);

/*
 * Makes the row of a trunk ahead of store_trunk_add(), which cannot fail then. Nobody
 * sees it before. In the order of the configuration, or that takes long.
 *
 * Returns 0 or ENOMEM.
 */
int store_prepare(struct store *s, const struct config_trunk *trunk);

/* Frees the rows that store_prepare() made and nobody added. */
void store_prepared_drop(struct store *s);

/* What who added a row wants to remember with it: that many bytes, zeroed at first. */
enum { STORE_NOTE_BYTES = 4 };

void *store_trunk_note(struct store_trunk *row);

/* In force. For the main thread. */
const struct config_trunk *store_trunk_conf(const struct store_trunk *row);
const struct config_trunk *store_target_conf(const struct store_target *cell);

void store_trunk_move(struct store *s, struct store_trunk *row,
		      const struct config_trunk *trunk);
void store_trunk_remove(struct store *s, struct store_trunk *row);
void store_trunk_state(struct store *s, struct store_trunk *row,
		       const struct engine_change *change, int64_t since_unix_ns);
/* Since when the trunk of that name is down; 0: it is not, or there is none. */
int64_t store_down_since_unix_ns(struct store *s, const char *name);

/* It is not probed, until @until_s where that is not 0; or is again: as if it were new.
 */
void store_trunk_paused(struct store *s, struct store_trunk *row, bool paused,
			int64_t until_s);
void store_trunk_addresses(struct store *s, struct store_trunk *row, unsigned total,
			   unsigned up);
void store_trunk_dns_failed(struct store *s, struct store_trunk *row, const char *detail,
			    enum dns_hint hint);

/* Its name has addresses. @note: what went wrong on the way, for people, or "" */
void store_trunk_resolved(struct store *s, struct store_trunk *row, const char *note);
void store_trunk_certificate(struct store *s, struct store_trunk *row, const char *file,
			     const struct tls_own *own);
/* Whether the pings stay out that the trunk expects of its peer. */
void store_trunk_inbound(struct store *s, struct store_trunk *row, bool missing);
void store_inbound(struct store *s, struct store_trunk *row, const char *method,
		   int64_t now_unix_ns);
struct store_target *store_target_add(struct store *s, struct store_trunk *row,
				      const struct engine_target *target);
/* A label's value of a target, cut to fit. Returns false when it has no such value. */
bool store_target_label(struct store *s, struct store_target *cell, const char *name,
			char *out, size_t size);
void store_target_remove(struct store *s, struct store_target *cell);
void store_probe_begin(struct store *s, struct store_target *cell, int64_t lag_ns);
void store_probe_done(struct store *s, struct store_target *cell,
		      const struct probe_result *result);

/* As ladder_wanted_h and probe_ladder_h have it. */
bool store_ladder_wanted(const struct store *s, const struct store_target *cell,
			 const struct probe_result *result);
void store_ladder(struct store *s, struct store_target *cell,
		  const struct probe_result *result, const struct ladder *ladder);
/* Keeps a reference, until the peer shows something else or the target goes. */
void store_chain(struct store *s, struct store_target *cell, struct chain *chain);
void store_probe_late(struct store *s, struct store_target *cell);
/* Adds what settled; the three numbers change together. */
void store_probe_settled(struct store *s, struct store_target *cell,
			 const struct probe_loss *loss);
void store_probe_misdirected(struct store *s, struct store_target *cell,
			     enum probe_misdirected how);
/* Returns whether its verdict is another than before. */
bool store_survey_size(struct store *s, struct store_target *cell,
		       const struct survey_size_report *r);
void store_survey_train(struct store *s, struct store_target *cell,
			const struct survey_train_report *r);
/* Its peer shows these traits, bits 1 << enum peer_trait, besides those of before. */
void store_peer_shown(struct store *s, struct store_target *cell, unsigned traits);
/* One of them changed; what is kept of @c is a copy. */
void store_peer_changed(struct store *s, struct store_target *cell,
			const struct peer_change *c);
/* Its peer sees us at another address than before. */
void store_seen_as(struct store *s, struct store_target *cell,
		   const struct mirror_view *view);
/* Signs of an ALG on the way, bits 1 << enum mirror_sign. Returns whether they changed.
 */
bool store_mirrored(struct store *s, struct store_target *cell, unsigned signs);
/* A call was due and not made: a limit, or calls are stopped. */
void store_call_refused(struct store *s, struct store_target *cell);
/* Keeps the trace of a trunk, by its name, which may be gone; of the last ones. */
void store_traced(struct store *s, const char *trunk, const struct trace_report *r,
		  bool by_hand);
/* By the trunk's name, which may be gone. */
void store_calls_open(struct store *s, const char *trunk, unsigned open);
void store_call_made(struct store *s, const char *trunk, const struct call_report *r);
void store_call_not_ended(struct store *s, const char *trunk);
void store_media_lateness(struct store *s, const struct media_lateness *l);
void store_stray(struct store *s, enum engine_stray why);
/* A message was mirrored to a collector, or one was lost. */
void store_hep_sent(struct store *s, bool sent);
/* Whether messages are mirrored at all. */
void store_hep(struct store *s, bool on);

/*
 * While a configuration is applied, a trunk that changed is gone before it is back: what
 * reads the store waits for the end, so that nobody sees a part. Main thread only.
 */
void store_change_begin(struct store *s);
void store_change_end(struct store *s);

/* Which series scrapes from now on are spared. */
void store_spare(struct store *s, const struct config_metrics *metrics);

/*
 * Whether ladders may hold what was heard in a call. Not any more: those that do go, and
 * what they held is wiped. Main thread only.
 */
void store_keep_audio(struct store *s, bool keep);

/* Tells which share of the trunks this is; not called when it is all of them. */
void store_shard(struct store *s, const struct config_shard *shard);

/* The certificate that we show who connects; @file NULL: none is shown. */
void store_listen_certificate(struct store *s, const char *file,
			      const struct tls_own *own);

/* Whether certificate files changed and could not be read. */
void store_tls_files(struct store *s, bool stale);

/* A configuration was applied, or could not be. */
void store_reload(struct store *s, bool successful, int64_t now_unix_ns);

/* Whether a configuration was ever applied; any thread. */
bool store_ready(struct store *s);

#endif

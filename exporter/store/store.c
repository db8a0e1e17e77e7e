/* The store as a whole: its life, and what concerns no single trunk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/store/classic_histogram.h"
#include "exporter/store/store_rows.h"
#include "exporter/store/store_text.h"

static const char *store_row_name(const void *element)
{
	const struct store_trunk *row = element;

	return row->conf->name;
}

static int store_init_own_buckets(struct store *s)
{
	double bounds_s[MEDIA_LATENESS_BOUNDS];
	int err = classic_histogram_init(&s->call_buckets, store_call_bounds(),
					 STATS_CALL_BUCKETS);

	for (size_t i = 0; i < MEDIA_LATENESS_BOUNDS; i++)
		bounds_s[i] = media_lateness_bounds_us[i] / 1e6;
	if (!err)
		err = classic_histogram_init(&s->media_buckets, bounds_s,
					     MEDIA_LATENESS_BOUNDS);
	return err ? err
		   : classic_histogram_init(&s->lag_buckets, store_lag_bounds(),
					    STATS_LAG_BUCKETS);
}

static void store_clear_buckets(struct store *s)
{
	classic_histogram_clear(&s->buckets);
	classic_histogram_clear(&s->call_buckets);
	classic_histogram_clear(&s->media_buckets);
	classic_histogram_clear(&s->lag_buckets);
}

int store_alloc(struct store **sp, const double *buckets, size_t bucket_count)
{
	struct store *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return ENOMEM;
	err = classic_histogram_init(&s->buckets, buckets, bucket_count);
	if (!err)
		err = store_init_own_buckets(s);
	if (err) {
		store_clear_buckets(s);
		free(s);
		return err;
	}
	pthread_mutex_init(&s->lock, NULL);
	TAILQ_INIT(&s->trunks);
	TAILQ_INIT(&s->prepared);
	TAILQ_INIT(&s->traces.list);
	s->names.name = store_row_name;
	store_words_init(&s->words);
	history_init(&s->history, 0, 0);
	s->begun_unix_ns = clock_wall_ns();
	s->wall_offset_ns = clock_wall_offset_ns();
	*sp = s;
	return 0;
}

void store_remember(struct store *s, unsigned probes, size_t bytes)
{
	history_init(&s->history, probes, bytes);
}

void store_free(struct store *s)
{
	if (!s)
		return;
	name_index_free(&s->names);
	store_prepared_drop(s);
	while (!TAILQ_EMPTY(&s->trunks))
		store_trunk_remove(s, TAILQ_FIRST(&s->trunks));
	store_words_free(&s->words);
	store_kinds_free(s);
	buffer_clear(&s->label_text);
	buffer_clear(&s->info_text);
	store_clear_buckets(s);
	changes_clear(&s->changes);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void store_keep_native(struct store *s, int schema, unsigned max_buckets)
{
	native_histogram_scale_init(&s->native, schema, max_buckets);
}

void store_keep_exemplars(struct store *s)
{
	atomic_store(&s->exemplars, true);
}

void store_stray(struct store *s, enum engine_stray why)
{
	if ((unsigned)why >= ENGINE_STRAYS)
		return;
	store_write_lock(s);
	s->exporter.stray[why]++;
	store_write_unlock(s);
}

void store_hep_sent(struct store *s, bool sent)
{
	store_write_lock(s);
	if (sent)
		s->exporter.hep_sent++;
	else
		s->exporter.hep_lost++;
	store_write_unlock(s);
}

void store_hep(struct store *s, bool on)
{
	store_write_lock(s);
	s->exporter.hep = on;
	store_write_unlock(s);
}

static void store_set_changing(struct store *s, bool changing)
{
	store_write_lock(s);
	s->changing = changing;
	store_write_unlock(s);
}

void store_change_begin(struct store *s)
{
	store_set_changing(s, true);
}

void store_change_end(struct store *s)
{
	store_set_changing(s, false);
}

void store_spare(struct store *s, const struct config_metrics *metrics)
{
	store_write_lock(s);
	s->exporter.spared = (struct stats_spared){
		.buckets = !metrics->classic_histograms,
		.unseen = metrics->reasons == CONFIG_REASONS_SEEN,
		.others = metrics->states == CONFIG_STATES_CURRENT,
	};
	store_write_unlock(s);
}

void store_keep_audio(struct store *s, bool keep)
{
	s->keeps_audio = keep;
	if (keep)
		return;
	store_write_lock(s);
	history_forget_audio(&s->history);
	store_write_unlock(s);
}

void store_shard(struct store *s, const struct config_shard *shard)
{
	store_write_lock(s);
	s->exporter.total_shards = shard->total;
	snprintf(s->exporter.shard, sizeof(s->exporter.shard), "shard=\"%u\"",
		 shard->index);
	store_write_unlock(s);
}

void store_reload(struct store *s, bool successful, int64_t now_unix_ns)
{
	store_write_lock(s);
	s->exporter.reload_seen = true;
	s->exporter.reload_successful = successful;
	if (successful) {
		s->exporter.reload_success_unix_ns = now_unix_ns;
		s->exporter.tls_files_stale = false;
	}
	store_write_unlock(s);
	if (successful)
		atomic_store(&s->ready, true);
}

bool store_ready(struct store *s)
{
	return atomic_load(&s->ready);
}

void store_listen_certificate(struct store *s, const char *file,
			      const struct tls_own *own)
{
	struct buffer text = {0};

	if (file)
		store_text_file(&text, file);
	store_write_lock(s);
	s->exporter.listen_not_after_s = 0;
	if (file && !text.err && text.len < sizeof(s->exporter.listen_file)) {
		memcpy(s->exporter.listen_file, text.data, text.len);
		s->exporter.listen_file[text.len] = '\0';
		s->exporter.listen_not_after_s = own->not_after_s;
		snprintf(s->exporter.listen_use, sizeof(s->exporter.listen_use), "%s%s",
			 s->exporter.listen_file, STATS_OWN_SERVER);
		s->exporter.listen_own = stats_own_of(own);
	}
	store_write_unlock(s);
	buffer_clear(&text);
}

void store_tls_files(struct store *s, bool stale)
{
	store_write_lock(s);
	s->exporter.tls_files_stale = stale;
	store_write_unlock(s);
}

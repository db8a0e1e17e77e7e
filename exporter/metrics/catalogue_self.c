/* What the families of the exporter itself say. */
#include <string.h>

#include "base/clock.h"
#include "exporter/metrics/catalogue_private.h"
#include "exporter/metrics/label_values.h"

size_t catalogue_listen_cert(struct sample *out, const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	*out = (struct sample){.label = {e->listen_file, strlen(e->listen_file)},
			       .value = e->listen_not_after_s};
	return e->listen_not_after_s > 0;
}

size_t catalogue_listen_usable(struct sample *out, const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;

	*out = (struct sample){.label = {e->listen_use, strlen(e->listen_use)},
			       .value = stats_own_usable(&e->listen_own, now_s)};
	return e->listen_not_after_s > 0;
}

size_t catalogue_tls_files(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one(out, !src->snapshot->exporter.tls_files_stale);
}

size_t catalogue_build(struct sample *out, const struct catalogue_source *src)
{
	*out = (struct sample){.label = src->self->build, .value = 1};
	return 1;
}

size_t catalogue_reload_ok(struct sample *out, const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	return e->reload_seen ? catalogue_one(out, e->reload_successful) : 0;
}

size_t catalogue_reload_time(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one_time(out, src->snapshot->exporter.reload_success_unix_ns);
}

size_t catalogue_trunks(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one(out, (int64_t)src->snapshot->exporter.trunks);
}

size_t catalogue_total_shards(struct sample *out, const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	*out = (struct sample){.label = {e->shard, strlen(e->shard)},
			       .value = e->total_shards};
	return e->total_shards > 0;
}

size_t catalogue_lag(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one_ns(out, src->snapshot->exporter.lag_ns);
}

const struct stats_buckets *catalogue_lags(struct snapshot_target *out,
					   const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	*out = (struct snapshot_target){
		.wide_counts = e->lags, .wide = true, .classic = true};
	out->stats.sum_ns = e->lag_sum_ns;
	return src->snapshot->lag_buckets;
}

size_t catalogue_loop_turn(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one_time(out, src->self->loop_turn_unix_ns);
}

size_t catalogue_log_lost(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one(out, (int64_t)src->self->log_lost);
}

size_t catalogue_web_cert(struct sample *out, const struct catalogue_source *src)
{
	const struct catalogue_web *w = &src->self->web;

	return w->not_after_s > 0 ? catalogue_one(out, w->not_after_s) : 0;
}

size_t catalogue_web_ok(struct sample *out, const struct catalogue_source *src)
{
	const struct catalogue_web *w = &src->self->web;

	return w->used ? catalogue_one(out, w->successful) : 0;
}

size_t catalogue_web_time(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one_time(out, src->self->web.read_unix_ns);
}

size_t catalogue_strays(struct sample *out, const struct catalogue_source *src)
{
	size_t i;

	for (i = 0; i < ENGINE_STRAYS; i++)
		out[i] = (struct sample){
			.label = label_value(LABEL_STRAY, i),
			.value = (int64_t)src->snapshot->exporter.stray[i]};
	return ENGINE_STRAYS;
}

size_t catalogue_hep_sent(struct sample *out, const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	return e->hep ? catalogue_one(out, (int64_t)e->hep_sent) : 0;
}

size_t catalogue_hep_lost(struct sample *out, const struct catalogue_source *src)
{
	const struct stats_exporter *e = &src->snapshot->exporter;

	return e->hep ? catalogue_one(out, (int64_t)e->hep_lost) : 0;
}

size_t catalogue_scrape_time(struct sample *out, const struct catalogue_source *src)
{
	return src->self->scrape_bytes < 0 ? 0
					   : catalogue_one_ns(out, src->self->scrape_ns);
}

size_t catalogue_scrape_size(struct sample *out, const struct catalogue_source *src)
{
	return src->self->scrape_bytes < 0 ? 0
					   : catalogue_one(out, src->self->scrape_bytes);
}

size_t catalogue_cpu(struct sample *out, const struct catalogue_source *src)
{
	return src->self->process.cpu_ns < 0
		       ? 0
		       : catalogue_one_ns(out, src->self->process.cpu_ns);
}

size_t catalogue_resident(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_known(out, src->self->process.resident_bytes);
}

size_t catalogue_virtual_memory(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_known(out, src->self->process.virtual_bytes);
}

size_t catalogue_open_fds(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_known(out, src->self->process.open_fds);
}

size_t catalogue_max_fds(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_known(out, src->self->process.max_fds);
}

size_t catalogue_start_time(struct sample *out, const struct catalogue_source *src)
{
	return catalogue_one_time(out, src->self->process.start_unix_ns);
}

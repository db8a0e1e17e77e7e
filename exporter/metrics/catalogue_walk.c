#include "exporter/metrics/catalogue.h"

struct walk {
	const struct catalogue_source *src;
	const struct catalogue_family *family;
	const struct catalogue_sink *sink;
	void *arg;
	bool begun; /* the sink was told of the family */
	bool spares_zeroes;
	struct sample samples[CATALOGUE_SAMPLES];
};

static void catalogue_walk_begin(struct walk *w)
{
	if (!w->begun)
		w->sink->family_h(w->family, w->arg);
	w->begun = true;
}

bool catalogue_spares_buckets(const struct catalogue_source *src)
{
	return src->snapshot->exporter.spared.buckets;
}

/* Which values are not shown: those of states that are not, and of reasons not seen. */
static bool catalogue_walk_spares_zeroes(const struct walk *w)
{
	const struct stats_spared *spared = &w->src->snapshot->exporter.spared;

	return (spared->others && w->family->type == CATALOGUE_STATESET) ||
	       (spared->unseen && w->family->by_reason);
}

static size_t catalogue_walk_spare(struct walk *w, size_t count)
{
	size_t left = 0;

	if (!w->spares_zeroes)
		return count;
	for (size_t i = 0; i < count; i++)
		if (w->samples[i].value)
			w->samples[left++] = w->samples[i];
	return left;
}

static void catalogue_walk_give(struct walk *w, struct slice labels, size_t count)
{
	count = catalogue_walk_spare(w, count);
	if (!count)
		return;
	catalogue_walk_begin(w);
	w->sink->samples_h(labels, w->samples, count, w->arg);
}

static void walk_self(struct walk *w)
{
	const struct stats_buckets *buckets;
	struct snapshot_target own;

	if (w->family->self_get)
		catalogue_walk_give(w, (struct slice){0},
				    w->family->self_get(w->samples, w->src));
	if (!w->family->self_histogram)
		return;
	buckets = w->family->self_histogram(&own, w->src);
	if (!buckets)
		return;
	catalogue_walk_begin(w);
	w->sink->histogram_h(&own, buckets, w->arg);
}

/* A row is read where the one before it is still being written. */
static void walk_fetch(const struct snapshot *n, size_t i)
{
	enum { AHEAD = 4 };

	if (i + AHEAD < n->target_count)
		__builtin_prefetch(&n->targets[i + AHEAD]);
}

/* Most families have something to say of few rows: what they do not is passed quickly. */
static void walk_target_samples(struct walk *w)
{
	size_t (*get)(struct sample * out, const struct snapshot_target *t) =
		w->family->target_get;
	const struct snapshot *n = w->src->snapshot;

	for (size_t i = 0; i < n->target_count; i++) {
		size_t count = get(w->samples, &n->targets[i]);

		walk_fetch(n, i);
		if (count)
			catalogue_walk_give(w, n->targets[i].labels, count);
	}
}

static void walk_trunk_samples(struct walk *w)
{
	size_t (*get)(struct sample * out, const struct snapshot_trunk *t) =
		w->family->trunk_get;
	const struct snapshot *n = w->src->snapshot;

	for (size_t i = 0; i < n->trunk_count; i++) {
		size_t count = get(w->samples, &n->trunks[i]);

		if (count)
			catalogue_walk_give(w, n->trunks[i].labels, count);
	}
}

static void walk_histograms(struct walk *w)
{
	const struct snapshot *n = w->src->snapshot;

	if (n->target_count)
		catalogue_walk_begin(w);
	for (size_t i = 0; i < n->target_count; i++) {
		walk_fetch(n, i);
		w->sink->histogram_h(&n->targets[i], n->buckets, w->arg);
	}
}

static void walk_call_histograms(struct walk *w)
{
	const struct snapshot *n = w->src->snapshot;
	struct snapshot_target own;

	for (size_t i = 0; i < n->target_count; i++) {
		if (!w->family->call_histogram(&own, &n->targets[i]))
			continue;
		catalogue_walk_begin(w);
		w->sink->histogram_h(&own, n->call_buckets, w->arg);
	}
}

static void walk_rows(struct walk *w)
{
	if (w->family->trunk_get)
		walk_trunk_samples(w);
	if (w->family->target_get)
		walk_target_samples(w);
	if (w->family->call_histogram)
		walk_call_histograms(w);
	if (w->family->histogram)
		walk_histograms(w);
}

void catalogue_walk(const struct catalogue_source *src, const struct catalogue_sink *sink,
		    void *arg)
{
	struct walk w = {.src = src, .sink = sink, .arg = arg};
	size_t i;

	for (i = 0; i < catalogue_count; i++) {
		if (src->wanted && !src->wanted[i])
			continue;
		w.family = &catalogue[i];
		w.begun = false;
		w.spares_zeroes = catalogue_walk_spares_zeroes(&w);
		walk_self(&w);
		walk_rows(&w);
	}
}

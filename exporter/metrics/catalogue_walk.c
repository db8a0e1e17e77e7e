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

static void walk_target(struct walk *w, const struct snapshot_target *t)
{
	struct snapshot_target own;

	if (w->family->target_get)
		catalogue_walk_give(w, t->labels, w->family->target_get(w->samples, t));
	if (w->family->call_histogram && w->family->call_histogram(&own, t)) {
		catalogue_walk_begin(w);
		w->sink->histogram_h(&own, w->src->snapshot->call_buckets, w->arg);
	}
	if (w->family->histogram) {
		catalogue_walk_begin(w);
		w->sink->histogram_h(t, w->src->snapshot->buckets, w->arg);
	}
}

static void walk_rows(struct walk *w)
{
	const struct catalogue_family *f = w->family;
	const struct snapshot *n = w->src->snapshot;
	size_t i;

	for (i = 0; f->trunk_get && i < n->trunk_count; i++)
		catalogue_walk_give(w, n->trunks[i].labels,
				    f->trunk_get(w->samples, &n->trunks[i]));
	for (i = 0;
	     (f->target_get || f->histogram || f->call_histogram) && i < n->target_count;
	     i++)
		walk_target(w, &n->targets[i]);
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

/* Times of answers, counted three ways: classic, native, and as an exemplar. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/store/store_rows.h"

static size_t store_observe_classic(const struct stats_buckets *b, struct store_target *t,
				    int64_t ns)
{
	size_t i = 0;

	while (i < b->count && ns > b->bound_ns[i])
		i++;
	t->counts[i]++;
	t->stats.sum_ns += ns;
	return i;
}

/* Both histograms share one count: a native one that missed something is given up. */
static void store_observe_native(const struct native_histogram_scale *scale,
				 struct store_target *t, int64_t ns)
{
	if (t->native_lost || !native_histogram_observe(&t->native, scale, ns))
		return;
	free(t->native);
	t->native = NULL;
	t->native_lost = true;
}

/* The bucket's exemplar, made when there is none; NULL without memory. */
static struct stats_exemplar *store_observe_exemplar_of(struct store_target *t,
							size_t bucket)
{
	struct stats_exemplar *list = t->exemplars;
	size_t i = 0;

	while (i < t->exemplar_count && list[i].bucket < bucket)
		i++;
	if (i < t->exemplar_count && list[i].bucket == bucket)
		return &list[i];
	list = realloc(list, (t->exemplar_count + 1U) * sizeof(*list));
	if (!list)
		return NULL;
	memmove(list + i + 1, list + i, (t->exemplar_count - i) * sizeof(*list));
	t->exemplars = list;
	t->exemplar_count++;
	list[i].bucket = (uint8_t)bucket;
	return &list[i];
}

/* A Call-ID of ours is; one that is not could mean something to a format. */
static bool store_observe_is_plain(const char *text)
{
	while (isalnum((unsigned char)*text) || (*text && strchr("-._@", *text)))
		text++;
	return !*text;
}

static void store_observe_exemplar(struct store_target *t, size_t bucket,
				   const struct probe_result *result)
{
	struct stats_exemplar *e;

	if (!result->call_id[0] || !store_observe_is_plain(result->call_id))
		return;
	e = store_observe_exemplar_of(t, bucket);
	if (!e)
		return;
	e->value_ns = result->phase_ns[PROBE_PHASE_ANSWER];
	e->unix_ns = result->begun_unix_ns;
	memcpy(e->call_id, result->call_id, sizeof(e->call_id));
}

void store_observe(const struct store *s, struct store_target *t,
		   const struct probe_result *result)
{
	int64_t ns = result->phase_ns[PROBE_PHASE_ANSWER];
	size_t bucket;

	if (ns < 0)
		return;
	bucket = store_observe_classic(&s->buckets, t, ns);
	if (s->native.max_buckets)
		store_observe_native(&s->native, t, ns);
	if (atomic_load_explicit(&s->exemplars, memory_order_relaxed))
		store_observe_exemplar(t, bucket, result);
}

#include "exporter/metrics/text_lines.h"

void text_lines_samples_h(struct slice labels, const struct sample *s, size_t count,
			  void *arg)
{
	struct text_lines *l = arg;
	size_t need = count * (l->name_len + labels.l + TEXT_LINES_EXTRA);
	size_t i, stem;
	char *first, *to;

	for (i = 0; i < count; i++)
		need += s[i].label.l;
	first = buffer_reserve(l->out, need);
	if (!first)
		return;
	to = text_lines_put_stem(first, l, (struct slice){0}, labels);
	stem = (size_t)(to - first);
	for (i = 0; i < count; i++) {
		if (i)
			to = text_lines_put(to, first, stem);
		to = text_lines_put_last(to, labels.l, s[i].label, s[i].value,
					 s[i].decimals);
	}
	l->out->len = (size_t)(to - l->out->data);
}

static size_t text_lines_histogram_need(const struct text_lines *l,
					const struct snapshot_target *target,
					const struct stats_buckets *b,
					const struct slice *le)
{
	size_t line =
		l->name_len + sizeof("_bucket") + target->labels.l + TEXT_LINES_EXTRA;
	size_t need = (b->count + 3) * line;

	for (size_t i = 0; i <= b->count; i++)
		need += le[i].l;
	return need + (l->exemplar ? target->exemplar_count * TEXT_LINES_EXEMPLAR : 0);
}

static char *text_lines_put_bucket(char *to, bool labels, struct slice le, int64_t count,
				   text_lines_exemplar_h *exemplarh,
				   const struct stats_exemplar *e)
{
	to = text_lines_put_value(to, labels, le, count, 0);
	if (e)
		to = exemplarh(to, e);
	*to++ = '\n';
	return to;
}

/* Returns the end of the lines; *countp is the last bucket's count, that of all. */
static char *text_lines_put_buckets(int64_t *countp, char *to, const struct text_lines *l,
				    const struct snapshot_target *target,
				    const struct stats_buckets *b, const struct slice *le)
{
	const struct stats_exemplar *e = l->exemplar ? target->exemplars : NULL;
	const struct stats_exemplar *end = e ? e + target->exemplar_count : NULL;
	const char *first = to;
	int64_t count = 0;
	size_t i, stem;

	to = text_lines_put_stem(to, l, SLICE("_bucket"), target->labels);
	stem = (size_t)(to - first);
	for (i = 0; i <= b->count; i++) {
		bool marked = e < end && e->bucket == i;

		count += (int64_t)snapshot_count(target, i);
		if (i)
			to = text_lines_put(to, first, stem);
		to = text_lines_put_bucket(to, target->labels.l, le[i], count,
					   l->exemplar, marked ? e : NULL);
		e += marked;
	}
	*countp = count;
	return to;
}

/* The newest exemplar of all buckets; NULL: there is none. */
static const struct stats_exemplar *text_lines_newest(const struct snapshot_target *t)
{
	const struct stats_exemplar *found = NULL;

	for (size_t i = 0; i < t->exemplar_count; i++)
		if (!found || t->exemplars[i].unix_ns > found->unix_ns)
			found = &t->exemplars[i];
	return found;
}

/* A histogram without it is none to the formats. Returns and sets as the above. */
static char *text_lines_put_inf(int64_t *countp, char *to, const struct text_lines *l,
				const struct snapshot_target *target,
				const struct stats_buckets *b, const struct slice *le)
{
	int64_t count = 0;

	for (size_t i = 0; i <= b->count; i++)
		count += (int64_t)snapshot_count(target, i);
	*countp = count;
	to = text_lines_put_stem(to, l, SLICE("_bucket"), target->labels);
	return text_lines_put_bucket(to, target->labels.l, le[b->count], count,
				     l->exemplar,
				     l->exemplar ? text_lines_newest(target) : NULL);
}

void text_lines_histogram_h(const struct snapshot_target *target,
			    const struct stats_buckets *b, void *arg)
{
	const struct slice none = {0}, labels = target->labels;
	struct text_lines *l = arg;
	const struct slice *le = l->float_bounds ? b->le_float : b->le;
	char *to = buffer_reserve(l->out, text_lines_histogram_need(l, target, b, le));
	int64_t count;

	if (!to)
		return;
	if (l->spare_buckets)
		to = text_lines_put_inf(&count, to, l, target, b, le);
	else
		to = text_lines_put_buckets(&count, to, l, target, b, le);
	to = text_lines_put_stem(to, l, SLICE("_sum"), labels);
	to = text_lines_put_last(to, labels.l, none, target->stats.sum_ns, 9);
	to = text_lines_put_stem(to, l, SLICE("_count"), labels);
	to = text_lines_put_last(to, labels.l, none, count, 0);
	l->out->len = (size_t)(to - l->out->data);
}

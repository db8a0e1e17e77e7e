/* The text format 0.0.4, and 1.0.0, which differs for names that we do not have. */
#include "exporter/lines.h"
#include "exporter/render.h"

static void text_family_h(const struct catalogue_family *f, void *arg)
{
	struct slice name = {f->name, strlen(f->name)};
	struct lines *t = arg;

	t->name = name.p;
	t->name_len = name.l;
	lines_comment(t->out, "HELP", name, f->help);
	lines_comment(t->out, "TYPE", name, catalogue_type_name(f->type));
}

static void text_histogram_h(const struct snapshot_target *target,
			     const struct stats_buckets *b, void *arg)
{
	const struct slice none = {0}, labels = target->labels;
	struct lines *t = arg;
	size_t line = t->name_len + sizeof("_bucket") + labels.l + LINES_EXTRA;
	size_t need = (b->count + 3) * line;
	int64_t count = 0;
	size_t i, stem;
	char *first, *to;

	for (i = 0; i <= b->count; i++)
		need += b->le[i].l;
	first = buffer_reserve(t->out, need);
	if (!first)
		return;
	to = lines_put_stem(first, t, SLICE("_bucket"), labels);
	stem = (size_t)(to - first);
	for (i = 0; i <= b->count; i++) {
		count += target->counts[i];
		if (i)
			to = lines_put(to, first, stem);
		to = lines_put_last(to, true, b->le[i], count, 0);
	}
	to = lines_put_stem(to, t, SLICE("_sum"), labels);
	to = lines_put_last(to, true, none, target->stats.sum_ns, 9);
	to = lines_put_stem(to, t, SLICE("_count"), labels);
	to = lines_put_last(to, true, none, count, 0);
	t->out->len = (size_t)(to - t->out->data);
}

static void text_render(struct buffer *out, const struct catalogue_source *src)
{
	static const struct catalogue_sink sink = {
		.family_h = text_family_h,
		.samples_h = lines_samples_h,
		.histogram_h = text_histogram_h,
	};
	struct lines t = {.out = out};

	catalogue_walk(src, &sink, &t);
}

const struct renderer render_text = {
	.type = "text",
	.subtype = "plain",
	.params = "version=0.0.4",
	.content_type = "text/plain; version=0.0.4; charset=utf-8",
	.render = text_render,
};

const struct renderer render_text_1 = {
	.type = "text",
	.subtype = "plain",
	.params = "version=1.0.0",
	.content_type = "text/plain; version=1.0.0; charset=utf-8",
	.render = text_render,
};

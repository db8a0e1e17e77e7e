/*
 * The text format 0.0.4. A scrape of 10,000 trunks has 400,000 lines, nearly all of them
 * label text that is ready to copy: room is made once a row, then bytes are laid down.
 */
#include "exporter/render.h"

#include <string.h>

#include "exporter/number.h"

/* What a line has besides name, labels and label: braces, comma, space, line feed. */
#define LINE_EXTRA (NUMBER_BYTES + 8)

struct text {
	struct buffer *out;
	const char *name;
	size_t name_len;
};

static char *put(char *to, const char *p, size_t len)
{
	if (len)
		memcpy(to, p, len);
	return to + len;
}

/* `name{labels` or as much of it as there is; every line of a row begins with it. */
static char *put_stem(char *to, const struct text *t, struct slice suffix,
		      struct slice labels)
{
	to = put(to, t->name, t->name_len);
	to = put(to, suffix.p, suffix.l);
	if (!labels.l)
		return to;
	*to++ = '{';
	return put(to, labels.p, labels.l);
}

/* The rest of a line. @stemmed: the stem has labels */
static char *put_value(char *to, bool stemmed, struct slice label, int64_t value,
		       unsigned decimals)
{
	if (label.l) {
		*to++ = stemmed ? ',' : '{';
		to = put(to, label.p, label.l);
	}
	if (stemmed || label.l)
		*to++ = '}';
	*to++ = ' ';
	to = number_print(to, value, decimals);
	*to++ = '\n';
	return to;
}

static void text_family_h(const struct catalogue_family *f, void *arg)
{
	struct text *t = arg;

	t->name = f->name;
	t->name_len = strlen(f->name);
	buffer_str(t->out, "# HELP ");
	buffer_str(t->out, f->name);
	buffer_str(t->out, " ");
	buffer_str(t->out, f->help);
	buffer_str(t->out, "\n# TYPE ");
	buffer_str(t->out, f->name);
	buffer_str(t->out, " ");
	buffer_str(t->out, catalogue_type_name(f->type));
	buffer_str(t->out, "\n");
}

static void text_samples_h(struct slice labels, const struct sample *s, size_t count,
			   void *arg)
{
	struct text *t = arg;
	size_t need = count * (t->name_len + labels.l + LINE_EXTRA);
	size_t i, stem;
	char *first, *to;

	for (i = 0; i < count; i++)
		need += s[i].label.l;
	first = buffer_reserve(t->out, need);
	if (!first)
		return;
	to = put_stem(first, t, (struct slice){0}, labels);
	stem = (size_t)(to - first);
	for (i = 0; i < count; i++) {
		if (i)
			to = put(to, first, stem);
		to = put_value(to, labels.l, s[i].label, s[i].value, s[i].decimals);
	}
	t->out->len = (size_t)(to - t->out->data);
}

static void text_histogram_h(const struct snapshot_target *target,
			     const struct stats_buckets *b, void *arg)
{
	const struct slice none = {0}, labels = target->labels;
	struct text *t = arg;
	size_t line = t->name_len + sizeof("_bucket") + labels.l + LINE_EXTRA;
	size_t need = (b->count + 3) * line;
	int64_t count = 0;
	size_t i, stem;
	char *first, *to;

	for (i = 0; i <= b->count; i++)
		need += b->le[i].l;
	first = buffer_reserve(t->out, need);
	if (!first)
		return;
	to = put_stem(first, t, SLICE("_bucket"), labels);
	stem = (size_t)(to - first);
	for (i = 0; i <= b->count; i++) {
		count += target->counts[i];
		if (i)
			to = put(to, first, stem);
		to = put_value(to, true, b->le[i], count, 0);
	}
	to = put_stem(to, t, SLICE("_sum"), labels);
	to = put_value(to, true, none, target->stats.sum_ns, 9);
	to = put_stem(to, t, SLICE("_count"), labels);
	to = put_value(to, true, none, count, 0);
	t->out->len = (size_t)(to - t->out->data);
}

static void text_render(struct buffer *out, const struct catalogue_source *src)
{
	static const struct catalogue_sink sink = {
		.family_h = text_family_h,
		.samples_h = text_samples_h,
		.histogram_h = text_histogram_h,
	};
	struct text t = {.out = out};

	catalogue_walk(src, &sink, &t);
}

const struct renderer render_text = {
	.type = "text",
	.subtype = "plain",
	.params = "version=0.0.4",
	.content_type = "text/plain; version=0.0.4; charset=utf-8",
	.render = text_render,
};

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
	memcpy(to, p, len);
	return to + len;
}

static char *put_slice(char *to, struct slice s)
{
	return put(to, s.p, s.l);
}

/* `name{labels,label} ` or as much of it as there is. */
static char *put_series(char *to, struct slice name, struct slice labels,
			struct slice label)
{
	to = put_slice(to, name);
	if (labels.l || label.l) {
		*to++ = '{';
		if (labels.l)
			to = put_slice(to, labels);
		if (labels.l && label.l)
			*to++ = ',';
		if (label.l)
			to = put_slice(to, label);
		*to++ = '}';
	}
	*to++ = ' ';
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
	struct slice name = {t->name, t->name_len};
	size_t need = count * (name.l + labels.l + LINE_EXTRA);
	char *to;
	size_t i;

	for (i = 0; i < count; i++)
		need += s[i].label.l;
	to = buffer_reserve(t->out, need);
	if (!to)
		return;
	for (i = 0; i < count; i++) {
		to = put_series(to, name, labels, s[i].label);
		to = number_print(to, s[i].value, s[i].decimals);
		*to++ = '\n';
	}
	t->out->len = (size_t)(to - t->out->data);
}

static char *put_bare(char *to, const struct text *t, struct slice suffix,
		      struct slice labels)
{
	to = put(to, t->name, t->name_len);
	return put_series(to, suffix, labels, (struct slice){0});
}

static void text_histogram_h(const struct snapshot_target *target,
			     const struct stats_buckets *b, void *arg)
{
	struct text *t = arg;
	size_t line = t->name_len + sizeof("_bucket") + target->labels.l + LINE_EXTRA;
	size_t need = (b->count + 3) * line;
	int64_t count = 0;
	char *to;
	size_t i;

	for (i = 0; i <= b->count; i++)
		need += b->le[i].l;
	to = buffer_reserve(t->out, need);
	if (!to)
		return;
	for (i = 0; i <= b->count; i++) {
		count += target->counts[i];
		to = put(to, t->name, t->name_len);
		to = put_series(to, SLICE("_bucket"), target->labels, b->le[i]);
		to = number_print(to, count, 0);
		*to++ = '\n';
	}
	to = put_bare(to, t, SLICE("_sum"), target->labels);
	to = number_print(to, target->stats.sum_ns, 9);
	*to++ = '\n';
	to = put_bare(to, t, SLICE("_count"), target->labels);
	to = number_print(to, count, 0);
	*to++ = '\n';
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

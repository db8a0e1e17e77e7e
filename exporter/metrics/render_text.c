/* The text format 0.0.4, and 1.0.0, which differs for names that we do not have. */
#include "exporter/metrics/render.h"
#include "exporter/metrics/text_comments.h"
#include "exporter/metrics/text_lines.h"

static void text_family_h(const struct catalogue_family *f, void *arg)
{
	struct slice name = {f->name, strlen(f->name)};
	struct text_lines *t = arg;

	t->name = name.p;
	t->name_len = name.l;
	text_comments_help(t->out, name, f->help, false);
	text_comments_type(t->out, name, catalogue_type_name(f->type));
}

static void text_render(struct buffer *out, const struct catalogue_source *src)
{
	static const struct catalogue_sink sink = {
		.family_h = text_family_h,
		.samples_h = text_lines_samples_h,
		.histogram_h = text_lines_histogram_h,
	};
	struct text_lines t = {.out = out,
			       .spare_buckets = catalogue_spares_buckets(src)};

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

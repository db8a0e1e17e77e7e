/*
 * OpenMetrics 1.0.0, and its draft 0.0.1, which older Prometheus servers ask for: all
 * that we use of it was there already.
 *
 * A counter's and an info's family is named without the ending of its samples. A state
 * set stays a gauge: OpenMetrics wants the label that tells the state to have the
 * family's name, and ours is promised to be `state`. There are no _created lines, which
 * most servers would store as series of their own.
 */
#include "exporter/metrics/render.h"
#include "exporter/metrics/text_comments.h"
#include "exporter/metrics/text_lines.h"

static const struct {
	const char *name;
	const char *ending; /* that a family's name goes without */
} types[] = {
	[CATALOGUE_COUNTER] = {"counter", "_total"}, [CATALOGUE_GAUGE] = {"gauge", ""},
	[CATALOGUE_HISTOGRAM] = {"histogram", ""},   [CATALOGUE_STATESET] = {"gauge", ""},
	[CATALOGUE_INFO] = {"info", "_info"},
};

static void om_family_h(const struct catalogue_family *f, void *arg)
{
	size_t len = strlen(f->name);
	struct slice family = {f->name, len - strlen(types[f->type].ending)};
	struct text_lines *t = arg;

	t->name = f->name;
	t->name_len = len;
	text_comments_type(t->out, family, types[f->type].name);
	if (*f->unit)
		text_comments_unit(t->out, family, f->unit);
	text_comments_help(t->out, family, f->help, true);
}

static char *om_exemplar_h(char *to, const struct stats_exemplar *e)
{
	const struct slice begin = SLICE(" # {call_id=\""), end = SLICE("\"} ");

	to = text_lines_put(to, begin.p, begin.l);
	to = text_lines_put(to, e->call_id, strlen(e->call_id));
	to = text_lines_put(to, end.p, end.l);
	to = number_print(to, e->value_ns, 9);
	*to++ = ' ';
	return number_print(to, e->unix_ns / 1000000, 3);
}

static void om_render(struct buffer *out, const struct catalogue_source *src)
{
	static const struct catalogue_sink sink = {
		.family_h = om_family_h,
		.samples_h = text_lines_samples_h,
		.histogram_h = text_lines_histogram_h,
	};
	struct text_lines t = {.out = out,
			       .spare_buckets = catalogue_spares_buckets(src),
			       .float_bounds = true,
			       .exemplar = om_exemplar_h};

	catalogue_walk(src, &sink, &t);
	buffer_str(out, "# EOF\n");
}

const struct renderer render_openmetrics = {
	.type = "application",
	.subtype = "openmetrics-text",
	.params = "version=1.0.0",
	.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	.snapshot = SNAPSHOT_EXEMPLARS,
	.render = om_render,
};

const struct renderer render_openmetrics_draft = {
	.type = "application",
	.subtype = "openmetrics-text",
	.params = "version=0.0.1",
	.content_type = "application/openmetrics-text; version=0.0.1; charset=utf-8",
	.snapshot = SNAPSHOT_EXEMPLARS,
	.render = om_render,
};

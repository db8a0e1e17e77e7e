/*
 * OpenMetrics 1.0.0, and its draft 0.0.1, which older Prometheus servers ask for: all
 * that we use of it was there already.
 *
 * A counter's and an info's family is named without the ending of its samples. A state
 * set stays a gauge: OpenMetrics wants the label that tells the state to have the
 * family's name, and ours is promised to be `state`. There are no _created lines, which
 * most servers would store as series of their own.
 */
#include "exporter/labels.h"
#include "exporter/lines.h"
#include "exporter/render.h"

/* What ` # {call_id="…"} 0.001 1763798707.123` has besides the Call-ID. */
#define EXEMPLAR_EXTRA (sizeof(" # {call_id=\"\"}  ") + (size_t)2 * NUMBER_BYTES)

static const struct {
	const char *name;
	const char *ending; /* that a family's name goes without */
} types[] = {
	[CATALOGUE_COUNTER] = {"counter", "_total"}, [CATALOGUE_GAUGE] = {"gauge", ""},
	[CATALOGUE_HISTOGRAM] = {"histogram", ""},   [CATALOGUE_STATESET] = {"gauge", ""},
	[CATALOGUE_INFO] = {"info", "_info"},
};

static void help(struct buffer *out, struct slice name, const char *text)
{
	struct buffer escaped = {0};

	labels_escape(&escaped, text);
	buffer_add(&escaped, "", 1);
	if (escaped.err)
		out->err = escaped.err;
	else
		lines_comment(out, "HELP", name, escaped.data);
	buffer_clear(&escaped);
}

static void om_family_h(const struct catalogue_family *f, void *arg)
{
	size_t len = strlen(f->name);
	struct slice family = {f->name, len - strlen(types[f->type].ending)};
	struct lines *t = arg;

	t->name = f->name;
	t->name_len = len;
	lines_comment(t->out, "TYPE", family, types[f->type].name);
	if (*f->unit)
		lines_comment(t->out, "UNIT", family, f->unit);
	help(t->out, family, f->help);
}

static char *put_exemplar(char *to, const struct stats_exemplar *e)
{
	const struct slice begin = SLICE(" # {call_id=\""), end = SLICE("\"} ");

	to = lines_put(to, begin.p, begin.l);
	to = lines_put(to, e->call_id, strlen(e->call_id));
	to = lines_put(to, end.p, end.l);
	to = number_print(to, e->value_ns, 9);
	*to++ = ' ';
	return number_print(to, e->unix_ns / 1000000, 3);
}

static char *put_buckets(char *to, const struct lines *t,
			 const struct snapshot_target *target,
			 const struct stats_buckets *b, int64_t *count)
{
	const struct stats_exemplar *e = target->exemplars;
	const struct stats_exemplar *end = e ? e + target->exemplar_count : NULL;
	char *first = to;
	size_t i, stem;

	to = lines_put_stem(first, t, SLICE("_bucket"), target->labels);
	stem = (size_t)(to - first);
	for (i = 0; i <= b->count; i++) {
		*count += target->counts[i];
		if (i)
			to = lines_put(to, first, stem);
		to = lines_put_value(to, true, b->le_float[i], *count, 0);
		if (e < end && e->bucket == i)
			to = put_exemplar(to, e++);
		*to++ = '\n';
	}
	return to;
}

static void om_histogram_h(const struct snapshot_target *target,
			   const struct stats_buckets *b, void *arg)
{
	const struct slice none = {0}, labels = target->labels;
	struct lines *t = arg;
	size_t line = t->name_len + sizeof("_bucket") + labels.l + LINES_EXTRA;
	size_t need = (b->count + 3) * line;
	int64_t count = 0;
	size_t i;
	char *to;

	for (i = 0; i <= b->count; i++)
		need += b->le_float[i].l;
	need += target->exemplar_count *
		(EXEMPLAR_EXTRA + sizeof(target->exemplars->call_id));
	to = buffer_reserve(t->out, need);
	if (!to)
		return;
	to = put_buckets(to, t, target, b, &count);
	to = lines_put_stem(to, t, SLICE("_sum"), labels);
	to = lines_put_last(to, true, none, target->stats.sum_ns, 9);
	to = lines_put_stem(to, t, SLICE("_count"), labels);
	to = lines_put_last(to, true, none, count, 0);
	t->out->len = (size_t)(to - t->out->data);
}

static void om_render(struct buffer *out, const struct catalogue_source *src)
{
	static const struct catalogue_sink sink = {
		.family_h = om_family_h,
		.samples_h = lines_samples_h,
		.histogram_h = om_histogram_h,
	};
	struct lines t = {.out = out};

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

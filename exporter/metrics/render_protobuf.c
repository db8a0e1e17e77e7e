/*
 * Prometheus' protobuf format: a MetricFamily a family, each after its length. Only here
 * native histograms can be told; the classic buckets go beside them.
 *
 * A family of 100,000 trunks is never kept: it is walked twice, once for its length, and
 * then each Metric is written as soon as it is known, with label fields that were packed
 * once. A library that packs whole objects took six times as long.
 */
#include <errno.h>

#include "exporter/metrics/protobuf_private.h"
#include "exporter/metrics/render.h"

enum {
	FAMILY_NAME = 1,
	FAMILY_HELP = 2,
	FAMILY_TYPE = 3,
	FAMILY_METRIC = 4,
	FAMILY_UNIT = 5,
};

enum { TYPE_COUNTER = 0, TYPE_GAUGE = 1, TYPE_HISTOGRAM = 4 };

enum {
	VALUE = 1,     /* of Gauge and Counter */
	VALUE_LEN = 9, /* that field */
	TYPE_LEN = 2,  /* that of the family */
};

struct proto {
	struct buffer *out;
	bool writes; /* or the family's length is wanted alone */
	size_t len;
	unsigned value_field; /* METRIC_GAUGE or METRIC_COUNTER */
	struct protobuf_labels labels;
	struct protobuf_histograms histograms;
};

/* Where @len bytes of the family go, or NULL: they are counted, or there is no memory. */
static char *proto_room(struct proto *p, size_t len)
{
	char *to;

	p->len += len;
	if (!p->writes)
		return NULL;
	to = buffer_reserve(p->out, len);
	if (to)
		p->out->len += len;
	return to;
}

static size_t proto_text_len(const char *text)
{
	const size_t len = strlen(text);

	return 1 + wire_varint_len(len) + len;
}

static void proto_family_h(const struct catalogue_family *f, void *arg)
{
	static const unsigned types[] = {
		[CATALOGUE_COUNTER] = TYPE_COUNTER,	[CATALOGUE_GAUGE] = TYPE_GAUGE,
		[CATALOGUE_HISTOGRAM] = TYPE_HISTOGRAM, [CATALOGUE_STATESET] = TYPE_GAUGE,
		[CATALOGUE_INFO] = TYPE_GAUGE,
	};
	const size_t unit_len = *f->unit ? proto_text_len(f->unit) : 0;
	struct proto *p = arg;
	char *to = proto_room(p, proto_text_len(f->name) + proto_text_len(f->help) +
					 unit_len + TYPE_LEN);

	p->value_field = f->type == CATALOGUE_COUNTER ? METRIC_COUNTER : METRIC_GAUGE;
	if (!to)
		return;
	to = wire_bytes(to, FAMILY_NAME, f->name, strlen(f->name));
	to = wire_bytes(to, FAMILY_HELP, f->help, strlen(f->help));
	if (unit_len)
		to = wire_bytes(to, FAMILY_UNIT, f->unit, strlen(f->unit));
	(void)wire_uint(to, FAMILY_TYPE, types[f->type]);
}

static double proto_value_of(const struct sample *s)
{
	static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

	return (double)s->value / powers[s->decimals];
}

static char *proto_put_fields(char *to, const struct proto *p, struct protobuf_fields f)
{
	if (f.len)
		memcpy(to, p->labels.packed.data + f.at, f.len);
	return to + f.len;
}

/*
 * Writes a Metric's head and labels; its last @len bytes are the caller's to write. NULL
 * as of proto_room().
 */
static char *proto_begin_metric(struct proto *p, struct protobuf_fields row,
				struct protobuf_fields own, size_t len)
{
	size_t metric = row.len + own.len + len;
	char *to = proto_room(p, 1 + wire_varint_len(metric) + metric);

	if (!to)
		return NULL;
	to = wire_head(to, FAMILY_METRIC, metric);
	return proto_put_fields(proto_put_fields(to, p, row), p, own);
}

static void proto_put_sample(struct proto *p, struct protobuf_fields row,
			     const struct sample *s)
{
	struct protobuf_fields own = protobuf_labels_of(&p->labels, s->label);
	char *to = proto_begin_metric(p, row, own, 2 + VALUE_LEN);

	if (!to)
		return;
	to = wire_head(to, p->value_field, VALUE_LEN);
	(void)wire_double(to, VALUE, proto_value_of(s));
}

static void proto_samples_h(struct slice labels, const struct sample *s, size_t count,
			    void *arg)
{
	struct proto *p = arg;
	const struct protobuf_fields row = protobuf_labels_of(&p->labels, labels);

	for (size_t i = 0; i < count; i++)
		proto_put_sample(p, row, &s[i]);
}

static void proto_histogram_h(const struct snapshot_target *t,
			      const struct stats_buckets *b, void *arg)
{
	static const struct protobuf_fields none = {0, 0};
	struct proto *p = arg;
	const struct buffer *h = &p->histograms.out;
	char *to;

	protobuf_histogram_make(&p->histograms, t, b);
	to = proto_begin_metric(p, protobuf_labels_of(&p->labels, t->labels), none,
				1 + wire_varint_len(h->len) + h->len);
	if (to)
		(void)wire_bytes(to, METRIC_HISTOGRAM, h->data, h->len);
}

static void proto_walk(struct proto *p, const struct catalogue_source *src, bool writes)
{
	static const struct catalogue_sink sink = {
		.family_h = proto_family_h,
		.samples_h = proto_samples_h,
		.histogram_h = proto_histogram_h,
	};

	p->writes = writes;
	catalogue_walk(src, &sink, p);
}

/* @src: wants that one family */
static void proto_put_family(struct proto *p, const struct catalogue_source *src)
{
	size_t len;
	char *to;

	p->len = 0;
	proto_walk(p, src, false);
	if (p->labels.packed.err || p->histograms.out.err)
		p->out->err = ENOMEM;
	len = p->len;
	to = len ? buffer_reserve(p->out, WIRE_VARINT_MAX) : NULL;
	if (!to)
		return;
	p->out->len = (size_t)(wire_varint(to, len) - p->out->data);
	proto_walk(p, src, true);
	/* Nothing of a snapshot changes: it is the same twice, or else nobody could read
	 * it. */
	if (!p->out->err && p->len != 2 * len)
		p->out->err = EIO;
}

static void proto_render(struct buffer *out, const struct catalogue_source *src)
{
	bool wanted[CATALOGUE_MAX] = {false};
	struct catalogue_source one = {src->snapshot, src->self, wanted};
	struct proto p = {
		.out = out,
		.histograms = {.snapshot = src->snapshot,
			       .spare_buckets = catalogue_spares_buckets(src)},
	};

	for (size_t i = 0; i < catalogue_count && !out->err; i++) {
		wanted[i] = !src->wanted || src->wanted[i];
		proto_put_family(&p, &one);
		wanted[i] = false;
	}
	buffer_clear(&p.histograms.out);
	protobuf_labels_clear(&p.labels);
}

const struct renderer render_protobuf = {
	.type = "application",
	.subtype = "vnd.google.protobuf",
	.params = "proto=io.prometheus.client.MetricFamily;encoding=delimited",
	.content_type = "application/vnd.google.protobuf; "
			"proto=io.prometheus.client.MetricFamily; encoding=delimited",
	.snapshot = SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS,
	.render = proto_render,
};

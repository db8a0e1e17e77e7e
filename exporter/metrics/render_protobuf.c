/*
 * Prometheus' protobuf format: a MetricFamily a family, each after its length. Only here
 * native histograms can be told; the classic buckets go beside them.
 *
 * A family of 100,000 trunks is no object in memory first. On the wire a message is the
 * sum of its fields in any order, and a field that repeats is one field after another:
 * each Metric is packed as soon as it is known, from label fields packed once a row.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/metrics/metrics.pb-c.h"
#include "exporter/metrics/render.h"
#include "exporter/store/labels.h"

/* Tags of fields that hold a message: number << 3 | 2. */
#define TAG_METRIC 0x22 /* MetricFamily.metric */
#define TAG_LABEL  0x0a /* Metric.label */

#define VARINT_BYTES 10

/* A longer gap between buckets ends a span; shorter ones get empty buckets. */
#define GAP_MAX 2

/* A bucket with all that may hang on it; only its numbers change from row to row. */
struct slot {
	Prom__Bucket bucket;
	Prom__Exemplar exemplar;
	Prom__LabelPair label;
	Prom__LabelPair *labels[1];
	Prom__Timestamp time;
};

struct proto {
	struct buffer *out;
	const struct snapshot *snapshot;
	bool counter;
	bool spare_buckets;
	struct buffer family; /* under way */
	struct buffer row;    /* a row's label fields */
	struct buffer own;    /* a sample's */
	struct buffer text;   /* a label's name and value */
	struct slot *slots;
	Prom__Bucket **buckets;
	Prom__Exemplar **exemplars;
	Prom__BucketSpan *spans;
	Prom__BucketSpan **span_list;
	int64_t *deltas;
	size_t native_cap; /* buckets that spans and deltas have room for */
};

static void proto_put_varint(struct buffer *b, uint64_t value)
{
	char *to = buffer_reserve(b, VARINT_BYTES);

	if (!to)
		return;
	for (; value > 0x7f; value >>= 7)
		*to++ = (char)(value | 0x80);
	*to++ = (char)value;
	b->len = (size_t)(to - b->data);
}

static void proto_put_message(struct buffer *b, const ProtobufCMessage *m, size_t size)
{
	char *to = buffer_reserve(b, size);

	if (to)
		b->len += protobuf_c_message_pack(m, (uint8_t *)to);
}

static void proto_put_label(struct proto *p, struct buffer *to, struct slice name,
			    struct slice value)
{
	Prom__LabelPair pair = PROM__LABEL_PAIR__INIT;
	size_t size;

	p->text.len = 0;
	buffer_add(&p->text, name.p, name.l);
	buffer_add(&p->text, "", 1);
	labels_unescape(&p->text, value);
	buffer_add(&p->text, "", 1);
	if (p->text.err)
		return;
	pair.name = p->text.data;
	pair.value = p->text.data + name.l + 1;
	size = protobuf_c_message_get_packed_size(&pair.base);
	buffer_add(to, &(char){TAG_LABEL}, 1);
	proto_put_varint(to, size);
	proto_put_message(to, &pair.base, size);
}

static void proto_put_labels(struct proto *p, struct buffer *to, struct slice text)
{
	struct slice name, value;
	size_t pos = 0;

	to->len = 0;
	while (text.l && labels_next(text, &pos, &name, &value))
		proto_put_label(p, to, name, value);
}

/* @m: what is not a label */
static void proto_put_metric(struct proto *p, const Prom__Metric *m)
{
	size_t size = protobuf_c_message_get_packed_size(&m->base);

	buffer_add(&p->family, &(char){TAG_METRIC}, 1);
	proto_put_varint(&p->family, p->row.len + p->own.len + size);
	buffer_add(&p->family, p->row.data, p->row.len);
	buffer_add(&p->family, p->own.data, p->own.len);
	proto_put_message(&p->family, &m->base, size);
}

static void proto_end_family(struct proto *p)
{
	if (!p->family.len)
		return;
	proto_put_varint(p->out, p->family.len);
	buffer_add(p->out, p->family.data, p->family.len);
	p->family.len = 0;
}

/* protobuf-c's strings are not const; it writes to none that it packs. */
static char *proto_text_of(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void proto_family_h(const struct catalogue_family *f, void *arg)
{
	static const Prom__MetricType types[] = {
		[CATALOGUE_COUNTER] = PROM__METRIC_TYPE__COUNTER,
		[CATALOGUE_GAUGE] = PROM__METRIC_TYPE__GAUGE,
		[CATALOGUE_HISTOGRAM] = PROM__METRIC_TYPE__HISTOGRAM,
		[CATALOGUE_STATESET] = PROM__METRIC_TYPE__GAUGE,
		[CATALOGUE_INFO] = PROM__METRIC_TYPE__GAUGE,
	};
	Prom__MetricFamily family = PROM__METRIC_FAMILY__INIT;
	struct proto *p = arg;

	proto_end_family(p);
	p->counter = f->type == CATALOGUE_COUNTER;
	family.name = proto_text_of(f->name);
	family.help = proto_text_of(f->help);
	family.unit = *f->unit ? proto_text_of(f->unit) : NULL;
	family.has_type = true;
	family.type = types[f->type];
	proto_put_message(&p->family, &family.base,
			  protobuf_c_message_get_packed_size(&family.base));
}

static double proto_value_of(const struct sample *s)
{
	static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

	return (double)s->value / powers[s->decimals];
}

static void proto_put_sample(struct proto *p, const struct sample *s)
{
	Prom__Counter counter = PROM__COUNTER__INIT;
	Prom__Gauge gauge = PROM__GAUGE__INIT;
	Prom__Metric m = PROM__METRIC__INIT;

	if (p->counter) {
		counter.has_value = true;
		counter.value = proto_value_of(s);
		m.counter = &counter;
	} else {
		gauge.has_value = true;
		gauge.value = proto_value_of(s);
		m.gauge = &gauge;
	}
	proto_put_labels(p, &p->own, s->label);
	proto_put_metric(p, &m);
}

static void proto_samples_h(struct slice labels, const struct sample *s, size_t count,
			    void *arg)
{
	struct proto *p = arg;
	size_t i;

	proto_put_labels(p, &p->row, labels);
	for (i = 0; i < count; i++)
		proto_put_sample(p, &s[i]);
}

static void proto_fill_exemplar(struct slot *slot, const struct stats_exemplar *e)
{
	slot->label.value = proto_text_of(e->call_id);
	slot->exemplar.value = (double)e->value_ns / 1e9;
	slot->time.seconds = e->unix_ns / 1000000000;
	slot->time.nanos = (int32_t)(e->unix_ns % 1000000000);
	slot->bucket.exemplar = &slot->exemplar;
}

static void proto_fill_classic(struct proto *p, Prom__Histogram *h,
			       const struct snapshot_target *t,
			       const struct stats_buckets *b)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i <= b->count; i++) {
		count += t->counts[i];
		p->slots[i].bucket.cumulative_count = count;
		p->slots[i].bucket.exemplar = NULL;
		p->slots[i].bucket.upper_bound =
			i < b->count ? b->bound_s[i] : (double)INFINITY;
	}
	for (i = 0; i < t->exemplar_count; i++) {
		struct slot *slot = &p->slots[t->exemplars[i].bucket];

		proto_fill_exemplar(slot, &t->exemplars[i]);
		p->exemplars[i] = &slot->exemplar;
	}
	h->has_sample_count = true;
	h->sample_count = count;
	h->has_sample_sum = true;
	h->sample_sum = (double)t->stats.sum_ns / 1e9;
	h->n_bucket = p->spare_buckets ? 0 : b->count + 1;
	h->bucket = p->buckets;
}

/* Room for the spans and deltas of so many buckets. */
static bool proto_native_room(struct proto *p, size_t count)
{
	size_t i;

	if (count <= p->native_cap)
		return true;
	free(p->spans);
	free(p->span_list);
	free(p->deltas);
	p->spans = calloc(count, sizeof(*p->spans));
	p->span_list = calloc(count, sizeof(*p->span_list));
	p->deltas = calloc(count, (GAP_MAX + 1) * sizeof(*p->deltas));
	p->native_cap = p->spans && p->span_list && p->deltas ? count : 0;
	for (i = 0; i < p->native_cap; i++) {
		p->spans[i] = (Prom__BucketSpan)PROM__BUCKET_SPAN__INIT;
		p->spans[i].has_offset = true;
		p->spans[i].has_length = true;
		p->span_list[i] = &p->spans[i];
	}
	return p->native_cap;
}

/* A bucket's count as the difference to the one before; empty ones fill a short gap. */
static void proto_add_bucket(struct proto *p, Prom__Histogram *h, int gap, int64_t delta,
			     int64_t before)
{
	Prom__BucketSpan *span = &p->spans[h->n_positive_span - 1];
	int i;

	for (i = 0; i < gap; i++)
		p->deltas[h->n_positive_delta++] = i ? 0 : -before;
	p->deltas[h->n_positive_delta++] = gap ? delta + before : delta;
	span->length += (uint32_t)gap + 1;
}

static void proto_fill_spans(struct proto *p, Prom__Histogram *h,
			     const struct native_histogram *n)
{
	const int16_t *index = native_histogram_indexes(n);
	int64_t before = 0;
	int next = 0;
	uint16_t i;

	for (i = 0; i < n->count; i++) {
		int gap = index[i] - next;

		if (!i || gap > GAP_MAX) {
			p->spans[h->n_positive_span].offset = gap;
			p->spans[h->n_positive_span++].length = 0;
			gap = 0;
		}
		proto_add_bucket(p, h, gap, n->counts[i] - before, before);
		before = n->counts[i];
		next = index[i] + 1;
	}
	h->positive_span = p->span_list;
	h->positive_delta = p->deltas;
}

/* A target that has counted nothing shows an empty one: a series from the start. */
static void proto_fill_native(struct proto *p, Prom__Histogram *h,
			      const struct native_histogram *n, size_t exemplar_count)
{
	if (!p->snapshot->native_kept || (!n && h->sample_count))
		return;
	if (n && !proto_native_room(p, n->count)) {
		p->out->err = ENOMEM;
		return;
	}
	h->has_schema = true;
	h->schema = n ? n->schema : p->snapshot->native_schema;
	h->has_zero_threshold = true;
	h->zero_threshold = NATIVE_ZERO_THRESHOLD;
	h->has_zero_count = true;
	h->zero_count = n ? n->zero : 0;
	if (n)
		proto_fill_spans(p, h, n);
	h->n_exemplars = p->spare_buckets ? exemplar_count : 0;
	h->exemplars = p->exemplars;
}

static void proto_histogram_h(const struct snapshot_target *t,
			      const struct stats_buckets *b, void *arg)
{
	Prom__Histogram h = PROM__HISTOGRAM__INIT;
	Prom__Metric m = PROM__METRIC__INIT;
	struct proto *p = arg;

	proto_put_labels(p, &p->row, t->labels);
	p->own.len = 0;
	proto_fill_classic(p, &h, t, b);
	if (!t->classic)
		proto_fill_native(p, &h, t->native, t->exemplar_count);
	m.histogram = &h;
	proto_put_metric(p, &m);
}

static void proto_slot_init(struct slot *slot)
{
	*slot = (struct slot){PROM__BUCKET__INIT,
			      PROM__EXEMPLAR__INIT,
			      PROM__LABEL_PAIR__INIT,
			      {&slot->label},
			      PROM__TIMESTAMP__INIT};
	slot->bucket.has_cumulative_count = true;
	slot->bucket.has_upper_bound = true;
	slot->exemplar.has_value = true;
	slot->exemplar.n_label = 1;
	slot->exemplar.label = slot->labels;
	slot->exemplar.timestamp = &slot->time;
	slot->label.name = proto_text_of("call_id");
	slot->time.has_seconds = true;
	slot->time.has_nanos = true;
}

/* Room for the most buckets that a histogram has. */
static size_t proto_buckets_most(const struct snapshot *n)
{
	size_t most = n->buckets->count;

	if (n->call_buckets->count > most)
		most = n->call_buckets->count;
	return n->media_buckets->count > most ? n->media_buckets->count : most;
}

static int proto_init(struct proto *p, size_t most)
{
	size_t i;

	p->slots = calloc(most + 1, sizeof(*p->slots));
	p->buckets = calloc(most + 1, sizeof(*p->buckets));
	p->exemplars = calloc(most + 1, sizeof(*p->exemplars));
	if (!p->slots || !p->buckets || !p->exemplars)
		return ENOMEM;
	for (i = 0; i <= most; i++) {
		proto_slot_init(&p->slots[i]);
		p->buckets[i] = &p->slots[i].bucket;
	}
	return 0;
}

static void proto_clear(struct proto *p)
{
	struct buffer *buffers[] = {&p->family, &p->row, &p->own, &p->text};
	size_t i;

	for (i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		if (buffers[i]->err)
			p->out->err = buffers[i]->err;
		buffer_clear(buffers[i]);
	}
	free(p->slots);
	free(p->buckets);
	free(p->exemplars);
	free(p->spans);
	free(p->span_list);
	free(p->deltas);
}

static void proto_render(struct buffer *out, const struct catalogue_source *src)
{
	static const struct catalogue_sink sink = {
		.family_h = proto_family_h,
		.samples_h = proto_samples_h,
		.histogram_h = proto_histogram_h,
	};
	struct proto p = {.out = out,
			  .snapshot = src->snapshot,
			  .spare_buckets = catalogue_spares_buckets(src)};

	if (proto_init(&p, proto_buckets_most(src->snapshot))) {
		out->err = ENOMEM;
	} else {
		catalogue_walk(src, &sink, &p);
		proto_end_family(&p);
	}
	proto_clear(&p);
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

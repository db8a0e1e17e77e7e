/* The protobuf format, read back message by message. */
#include <math.h>

#include "tests/unit/metrics.pb-c.h"
#include "exporter/metrics/render.h"
#include "exporter/store/labels.h"
#include "tests/unit/exporter/metrics/render_fixture.h"
#include "tests/unit/tap.h"

#define FAMILIES 64

struct reading {
	struct buffer bytes;
	Prom__MetricFamily *list[FAMILIES];
	size_t count;
	bool whole; /* the messages fill the bytes exactly */
};

static struct reading reading_make(const struct catalogue_source *src)
{
	struct reading r = {.whole = true};
	size_t at = 0;

	render_protobuf.render(&r.bytes, src);
	while (at < r.bytes.len && r.count < FAMILIES) {
		size_t len = 0, shift = 0;

		while (at < r.bytes.len && r.bytes.data[at] & 0x80) {
			len |= (size_t)(r.bytes.data[at++] & 0x7f) << shift;
			shift += 7;
		}
		len |= (size_t)r.bytes.data[at++] << shift;
		r.whole = r.whole && len <= r.bytes.len - at;
		r.list[r.count] =
			!r.whole ? NULL
				 : prom__metric_family__unpack(
					   NULL, len, (uint8_t *)r.bytes.data + at);
		if (!r.list[r.count])
			break;
		r.count++;
		at += len;
	}
	r.whole = r.whole && at == r.bytes.len && !r.bytes.err;
	return r;
}

static void reading_clear(struct reading *r)
{
	while (r->count)
		prom__metric_family__free_unpacked(r->list[--r->count], NULL);
	buffer_clear(&r->bytes);
}

static const Prom__MetricFamily *family(const struct reading *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		if (!strcmp(r->list[i]->name, name))
			return r->list[i];
	}
	printf("Bail out! no family %s\n", name);
	exit(1);
}

static const char *label(const Prom__Metric *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->n_label; i++) {
		if (!strcmp(m->label[i]->name, name))
			return m->label[i]->value;
	}
	return NULL;
}

/* Families of every kind: type, unit, number of metrics, the last value. */
static const struct {
	const char *name;
	Prom__MetricType type;
	const char *unit;
	size_t metrics;
	const char *label, *label_value; /* of the last metric */
	double value;
} cases[] = {
	{"siptrunk_up", PROM__METRIC_TYPE__GAUGE, NULL, 1, "carrier", "a \"b\"", 1},
	{"siptrunk_state", PROM__METRIC_TYPE__GAUGE, NULL, 8, "state", "down", 0},
	{"siptrunk_info", PROM__METRIC_TYPE__GAUGE, NULL, 2, "uri", "sip:192.0.2.1", 1},
	{"siptrunk_probes_total", PROM__METRIC_TYPE__COUNTER, NULL, 1, "transport", "tls",
	 2},
	{"siptrunk_probe_responses_total", PROM__METRIC_TYPE__COUNTER, NULL, 2, "code",
	 "503", 1},
	{"siptrunk_probe_failures_total", PROM__METRIC_TYPE__COUNTER, NULL, 12, "reason",
	 "elsewhere", 0},
	{"siptrunk_probe_last_success_timestamp_seconds", PROM__METRIC_TYPE__GAUGE,
	 "seconds", 1, "method", "OPTIONS", 1763798707.123},
	{"siptrunk_tls_own_certificate_not_after_timestamp_seconds",
	 PROM__METRIC_TYPE__GAUGE, "seconds", 1, "purpose", NULL, 1800000000},
	{"siptrunk_tls_own_certificate_usable", PROM__METRIC_TYPE__GAUGE, NULL, 1,
	 "purpose", "client", 1},
	{"siptrunk_exporter_build_info", PROM__METRIC_TYPE__GAUGE, NULL, 1, "version",
	 "1", 1},
	{"process_cpu_seconds_total", PROM__METRIC_TYPE__COUNTER, "seconds", 1, "none",
	 NULL, 1e-9},
};

/* Of a counter or a gauge; NaN when it has none, or two. */
static double value_of(const Prom__Metric *m, bool counter)
{
	if (counter && m->counter && !m->gauge)
		return m->counter->value;
	if (!counter && m->gauge && !m->counter)
		return m->gauge->value;
	return (double)NAN;
}

static void test_families(const struct reading *r)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const Prom__MetricFamily *f = family(r, cases[i].name);
		const Prom__Metric *last = f->metric[f->n_metric - 1];
		bool counter = cases[i].type == PROM__METRIC_TYPE__COUNTER;

		is_int(f->type, cases[i].type, cases[i].name);
		is_str(f->unit, cases[i].unit, "its unit");
		is_int((long long)f->n_metric, (long long)cases[i].metrics,
		       "its metrics");
		is_str(label(last, cases[i].label), cases[i].label_value, "a label");
		ok(value_of(last, counter) == cases[i].value, "the value, of its type");
	}
}

static void test_classic(const Prom__Histogram *h)
{
	static const uint64_t counts[] = {0, 1, 1, 2};
	static const double upper[] = {0.001, 0.5, 4, (double)INFINITY};
	const Prom__Exemplar *e;
	size_t i;

	is_int((long long)h->sample_count, 2, "count");
	ok(h->sample_sum == 5.0015, "sum");
	is_int((long long)h->n_bucket, 4, "classic buckets");
	for (i = 0; i < h->n_bucket; i++)
		ok(h->bucket[i]->cumulative_count == counts[i] &&
			   h->bucket[i]->upper_bound == upper[i],
		   "bucket %zu", i);
	ok(!h->bucket[0]->exemplar && !h->bucket[2]->exemplar, "none was there last");
	e = h->bucket[1]->exemplar;
	ok(e && e->value == 0.0015 && e->n_label == 1, "an exemplar");
	is_str(e->label[0]->name, "call_id", "its label");
	is_str(e->label[0]->value, "0123456789abcdef0123456789abcdef", "and value");
	ok(e->timestamp->seconds == 1763798707 && e->timestamp->nanos == 123456789,
	   "its time");
}

static void test_native(const Prom__Histogram *h)
{
	ok(h->has_schema && h->schema == 3, "native too, schema 3");
	ok(h->zero_threshold == 0x1p-128 && h->has_zero_count && !h->zero_count,
	   "the zero bucket");
	is_int((long long)h->n_positive_span, 2, "two spans");
	is_int(h->positive_span[0]->offset, -75, "1.5 ms: log2(0.0015) × 8 = -75.05");
	is_int(h->positive_span[0]->length, 1, "alone");
	is_int(h->positive_span[1]->offset, 93, "5 s is bucket 19");
	ok(h->n_positive_delta == 2 && h->positive_delta[0] == 1 &&
		   h->positive_delta[1] == 0,
	   "one in each");
}

/* Takes spans and deltas apart again, by their definition. */
static size_t spread(const Prom__Histogram *h, int *index, int64_t *count)
{
	size_t i, k, n = 0, delta = 0;
	int64_t value = 0;
	int at = 0;

	for (i = 0; i < h->n_positive_span; i++) {
		at += h->positive_span[i]->offset;
		for (k = 0; k < h->positive_span[i]->length; k++, at++) {
			value += h->positive_delta[delta++];
			index[n] = at;
			count[n] = value;
			n += value != 0;
		}
	}
	return delta == h->n_positive_delta ? n : 0;
}

static void random_target(struct store *s)
{
	struct engine_target target = {"OPTIONS", "192.0.2.1:5060", "udp"};
	struct store_target *cell =
		store_target_add(s, store_trunk_add(s, &fixture_trunks[1]), &target);
	struct probe_result r = {.outcome = PROBE_RESPONSE, .code = 200};
	int i;

	for (i = 0; i < 500; i++) {
		r.phase_ns[PROBE_PHASE_ANSWER] =
			i % 50 ? (int64_t)exp2(15 + i * i % 307 / 20.0) : 0;
		store_probe_done(s, cell, &r);
	}
}

static void test_spans(void)
{
	static int index[2000];
	static int64_t count[2000];
	struct catalogue_self self = {.scrape_bytes = -1};
	struct catalogue_source src = {.self = &self};
	const Prom__Histogram *h;
	const struct native_histogram *n;
	struct snapshot *snapshot;
	struct store *s = NULL;
	struct reading r;
	size_t i, got, wrong = 0;

	if (store_alloc(&s, fixture_bounds, 3))
		exit(1);
	store_keep_native(s, 5, 1000);
	random_target(s);
	if (snapshot_take(&snapshot, s, SNAPSHOT_NATIVE))
		exit(1);
	src.snapshot = snapshot;
	n = snapshot->targets[0].native;
	r = reading_make(&src);
	h = family(&r, "siptrunk_probe_duration_seconds")->metric[0]->histogram;
	got = spread(h, index, count);
	for (i = 0; i < got && i < n->count; i++)
		wrong += index[i] != native_histogram_indexes(n)[i] ||
			 count[i] != n->counts[i];
	is_int((long long)got, n->count, "as many buckets as counted");
	is_int((long long)wrong, 0, "each with its index and count");
	ok(n->count > 100 && h->n_positive_span < n->count &&
		   h->n_positive_delta > n->count,
	   "short gaps are filled, long ones are not");
	is_int((long long)h->zero_count, 10, "zeros");
	reading_clear(&r);
	snapshot_free(snapshot);
	store_free(s);
}

/* A target without an answer shows an empty histogram, so that its series begins. */
static void test_empty(bool native)
{
	struct engine_target target = {"OPTIONS", "192.0.2.1:5060", "udp"};
	struct catalogue_self self = {.scrape_bytes = -1};
	struct catalogue_source src = {.self = &self};
	const Prom__Histogram *h;
	struct snapshot *snapshot;
	struct store *s = NULL;
	struct reading r;

	if (store_alloc(&s, fixture_bounds, 3))
		exit(1);
	if (native)
		store_keep_native(s, -2, 8);
	store_target_add(s, store_trunk_add(s, &fixture_trunks[1]), &target);
	if (snapshot_take(&snapshot, s, SNAPSHOT_NATIVE))
		exit(1);
	src.snapshot = snapshot;
	r = reading_make(&src);
	h = family(&r, "siptrunk_probe_duration_seconds")->metric[0]->histogram;
	ok(h->has_sample_count && !h->sample_count && h->n_bucket == 4, "an empty one");
	is_int(h->has_schema, native, native ? "native" : "not native");
	is_int(h->has_zero_threshold, native, "its threshold");
	ok(!native || h->schema == -2, "its schema");
	ok(!h->n_positive_span && !h->n_positive_delta, "nothing in it");
	reading_clear(&r);
	snapshot_free(snapshot);
	store_free(s);
}

static void test_filter(struct fixture *f)
{
	bool want[CATALOGUE_MAX] = {false};
	struct reading r;

	f->src.wanted = want;
	r = reading_make(&f->src);
	ok(r.whole && !r.count && !r.bytes.len, "nothing wanted is no bytes at all");
	reading_clear(&r);
	catalogue_want(want, SLICE("siptrunk_up"));
	r = reading_make(&f->src);
	ok(r.whole && r.count == 1, "one wanted is one message");
	reading_clear(&r);
	f->src.wanted = NULL;
}

/* As a line of text begins: "name{label="value",…} ". */
static void line_of(struct buffer *b, const Prom__MetricFamily *f, const Prom__Metric *m)
{
	struct buffer labels = {0};

	for (size_t i = 0; i < m->n_label; i++)
		labels_add(&labels, m->label[i]->name, m->label[i]->value);
	b->len = 0;
	buffer_str(b, "\n");
	buffer_str(b, f->name);
	buffer_str(b, m->histogram ? "_count" : "");
	if (labels.len) {
		buffer_str(b, "{");
		buffer_add(b, labels.data, labels.len);
		buffer_str(b, "}");
	}
	buffer_add(b, " ", 2);
	buffer_clear(&labels);
}

/* Every metric has the labels that it has as text, in their order. */
static void test_labels(const struct reading *r, const struct catalogue_source *src)
{
	struct buffer text = {0}, line = {0};
	size_t metrics = 0;

	render_text.render(&text, src);
	buffer_add(&text, "", 1);
	for (size_t i = 0; i < r->count; i++) {
		for (size_t k = 0; k < r->list[i]->n_metric; k++, metrics++) {
			line_of(&line, r->list[i], r->list[i]->metric[k]);
			ok(strstr(text.data, line.data) != NULL, "as text:%s",
			   line.data + 1);
		}
	}
	ok(!text.err && !line.err && metrics > 50, "of many");
	buffer_clear(&text);
	buffer_clear(&line);
}

int main(void)
{
	const Prom__Histogram *h;
	struct reading r;
	struct fixture f;

	fixture_init(&f);
	f.snapshot->exporter.lags[0] += 5000000000;
	r = reading_make(&f.src);
	ok(r.whole, "the messages fill the bytes");
	test_families(&r);
	test_labels(&r, &f.src);
	h = family(&r, "siptrunk_probe_duration_seconds")->metric[0]->histogram;
	test_classic(h);
	test_native(h);
	h = family(&r, "siptrunk_exporter_probe_lag_seconds")->metric[0]->histogram;
	ok(h->sample_count == 5000000002, "all trunks together pass 32 bits");
	reading_clear(&r);
	test_filter(&f);
	fixture_free(&f);
	test_spans();
	test_empty(true);
	test_empty(false);
	return tap_done();
}

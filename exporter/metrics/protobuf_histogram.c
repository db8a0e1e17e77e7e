/* A histogram with classic buckets, native ones, or both. */
#include <math.h>

#include "exporter/metrics/protobuf_private.h"

enum {
	HISTOGRAM_SAMPLE_COUNT = 1,
	HISTOGRAM_SAMPLE_SUM = 2,
	HISTOGRAM_BUCKET = 3,
	HISTOGRAM_SCHEMA = 5,
	HISTOGRAM_ZERO_THRESHOLD = 6,
	HISTOGRAM_ZERO_COUNT = 7,
	HISTOGRAM_POSITIVE_SPAN = 12,
	HISTOGRAM_POSITIVE_DELTA = 13,
	HISTOGRAM_EXEMPLARS = 16,
};

enum { BUCKET_CUMULATIVE_COUNT = 1, BUCKET_UPPER_BOUND = 2, BUCKET_EXEMPLAR = 3 };
enum { SPAN_OFFSET = 1, SPAN_LENGTH = 2 };
enum { EXEMPLAR_LABEL = 1, EXEMPLAR_VALUE = 2, EXEMPLAR_TIMESTAMP = 3 };
enum { TIMESTAMP_SECONDS = 1, TIMESTAMP_NANOS = 2 };

/* Room for one of each, on the safe side. */
enum {
	EXEMPLAR_MAX = 128,
	BUCKET_MAX = 2 * WIRE_FIELD_MAX + EXEMPLAR_MAX,
	SPAN_MAX = 40
};

/* A longer gap between buckets ends a span; shorter ones get empty buckets. */
#define GAP_MAX 2

static void histogram_end(struct protobuf_histograms *h, const char *end)
{
	h->out.len = (size_t)(end - h->out.data);
}

static char *histogram_put_exemplar(char *to, const struct stats_exemplar *e)
{
	static const char name[] = "call_id";
	const size_t value_len = strlen(e->call_id);
	char pair[EXEMPLAR_MAX / 2], time[2 * WIRE_FIELD_MAX], *end;

	end = wire_bytes(pair, LABEL_PAIR_NAME, name, sizeof(name) - 1);
	end = wire_bytes(end, LABEL_PAIR_VALUE, e->call_id, value_len);
	to = wire_bytes(to, EXEMPLAR_LABEL, pair, (size_t)(end - pair));
	to = wire_double(to, EXEMPLAR_VALUE, (double)e->value_ns / 1e9);
	end = wire_uint(time, TIMESTAMP_SECONDS, (uint64_t)(e->unix_ns / 1000000000));
	end = wire_uint(end, TIMESTAMP_NANOS, (uint64_t)(e->unix_ns % 1000000000));
	return wire_bytes(to, EXEMPLAR_TIMESTAMP, time, (size_t)(end - time));
}

/* @e: NULL: none */
static char *histogram_put_bucket(char *to, uint64_t count, double bound,
				  const struct stats_exemplar *e)
{
	char bucket[BUCKET_MAX], exemplar[EXEMPLAR_MAX], *end;

	end = wire_uint(bucket, BUCKET_CUMULATIVE_COUNT, count);
	end = wire_double(end, BUCKET_UPPER_BOUND, bound);
	if (e)
		end = wire_bytes(
			end, BUCKET_EXEMPLAR, exemplar,
			(size_t)(histogram_put_exemplar(exemplar, e) - exemplar));
	return wire_bytes(to, HISTOGRAM_BUCKET, bucket, (size_t)(end - bucket));
}

/* Returns how many were counted in all. */
static uint64_t histogram_put_classic(struct protobuf_histograms *h,
				      const struct snapshot_target *t,
				      const struct stats_buckets *b)
{
	const struct stats_exemplar *e = t->exemplars;
	const struct stats_exemplar *end = e ? e + t->exemplar_count : NULL;
	char *to = buffer_reserve(&h->out, (b->count + 1) * BUCKET_MAX);
	uint64_t count = 0;

	if (!to)
		return 0;
	for (size_t i = 0; i <= b->count; i++) {
		bool marked = e < end && e->bucket == i;

		count += snapshot_count(t, i);
		if (!h->spare_buckets)
			to = histogram_put_bucket(to, count,
						  i < b->count ? b->bound_s[i]
							       : (double)INFINITY,
						  marked ? e : NULL);
		e += marked;
	}
	histogram_end(h, to);
	return count;
}

static void histogram_put_totals(struct protobuf_histograms *h,
				 const struct snapshot_target *t, uint64_t count)
{
	char *to = buffer_reserve(&h->out, 2 * WIRE_FIELD_MAX);

	if (!to)
		return;
	to = wire_uint(to, HISTOGRAM_SAMPLE_COUNT, count);
	to = wire_double(to, HISTOGRAM_SAMPLE_SUM, (double)t->stats.sum_ns / 1e9);
	histogram_end(h, to);
}

/* How many buckets from @i on stand close enough for one span, those of gaps included. */
static unsigned histogram_span_len(const int16_t *index, size_t i, size_t count)
{
	size_t first = i;

	while (i + 1 < count && index[i + 1] - index[i] - 1 <= GAP_MAX)
		i++;
	return (unsigned)(index[i] - index[first] + 1);
}

/* Offsets are counted from the end of the span before, the first from index 0. */
static char *histogram_put_spans(char *to, const struct native_histogram *n)
{
	const int16_t *index = native_histogram_indexes(n);
	int next = 0;

	for (size_t i = 0; i < n->count;) {
		unsigned len = histogram_span_len(index, i, n->count);
		char span[2 * WIRE_FIELD_MAX], *end;

		end = wire_sint(span, SPAN_OFFSET, index[i] - next);
		end = wire_uint(end, SPAN_LENGTH, len);
		to = wire_bytes(to, HISTOGRAM_POSITIVE_SPAN, span, (size_t)(end - span));
		next = index[i] + (int)len;
		while (i < n->count && index[i] < next)
			i++;
	}
	return to;
}

/* Each bucket's count as the difference to the one before; empty ones fill short gaps. */
static char *histogram_put_deltas(char *to, const struct native_histogram *n)
{
	const int16_t *index = native_histogram_indexes(n);
	int64_t before = 0;

	for (size_t i = 0; i < n->count; i++) {
		int gap = i ? index[i] - index[i - 1] - 1 : 0;

		for (int k = 0; gap <= GAP_MAX && k < gap; k++) {
			to = wire_varint(to, wire_zigzag(-before));
			before = 0;
		}
		to = wire_varint(to, wire_zigzag(n->counts[i] - before));
		before = n->counts[i];
	}
	return to;
}

static void histogram_put_buckets(struct protobuf_histograms *h,
				  const struct native_histogram *n)
{
	const size_t deltas_max = (GAP_MAX + 1) * WIRE_VARINT_MAX * (size_t)n->count;
	char *to = buffer_reserve(&h->out, (size_t)n->count * SPAN_MAX + WIRE_FIELD_MAX +
						   2 * deltas_max);
	char *deltas, *end;

	if (!to || !n->count)
		return;
	to = histogram_put_spans(to, n);
	/* Their length stands before them: written behind, then moved. */
	deltas = to + WIRE_FIELD_MAX + deltas_max;
	end = histogram_put_deltas(deltas, n);
	to = wire_bytes(to, HISTOGRAM_POSITIVE_DELTA, deltas, (size_t)(end - deltas));
	histogram_end(h, to);
}

/* Where no classic bucket has them. */
static void histogram_put_exemplars(struct protobuf_histograms *h,
				    const struct snapshot_target *t)
{
	char *to = buffer_reserve(&h->out,
				  t->exemplar_count * (EXEMPLAR_MAX + WIRE_FIELD_MAX));

	if (!to || !t->exemplars)
		return;
	for (size_t i = 0; i < t->exemplar_count; i++) {
		char exemplar[EXEMPLAR_MAX];
		char *end = histogram_put_exemplar(exemplar, &t->exemplars[i]);

		to = wire_bytes(to, HISTOGRAM_EXEMPLARS, exemplar,
				(size_t)(end - exemplar));
	}
	histogram_end(h, to);
}

/* @n: NULL: a target that has counted nothing: an empty one, a series from the start */
static void histogram_put_native(struct protobuf_histograms *h,
				 const struct native_histogram *n)
{
	char *to = buffer_reserve(&h->out, 3 * WIRE_FIELD_MAX);

	if (!to)
		return;
	to = wire_sint(to, HISTOGRAM_SCHEMA, n ? n->schema : h->snapshot->native_schema);
	to = wire_double(to, HISTOGRAM_ZERO_THRESHOLD, NATIVE_ZERO_THRESHOLD);
	to = wire_uint(to, HISTOGRAM_ZERO_COUNT, n ? (uint64_t)n->zero : 0);
	histogram_end(h, to);
	if (n)
		histogram_put_buckets(h, n);
}

void protobuf_histogram_make(struct protobuf_histograms *h,
			     const struct snapshot_target *t,
			     const struct stats_buckets *b)
{
	uint64_t count;

	h->out.len = 0;
	count = histogram_put_classic(h, t, b);
	histogram_put_totals(h, t, count);
	if (t->classic || !h->snapshot->native_kept || (!t->native && count))
		return;
	histogram_put_native(h, t->native);
	if (h->spare_buckets)
		histogram_put_exemplars(h, t);
}

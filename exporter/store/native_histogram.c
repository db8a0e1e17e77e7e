#include "exporter/store/native_histogram.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Buckets that a histogram grows by. */
#define STEP 4

#define LEADS (1 << NATIVE_SCHEMA_MAX)

void native_histogram_scale_init(struct native_histogram_scale *scale, int schema,
				 unsigned max_buckets)
{
	size_t i;
	uint16_t low = 0;

	*scale = (struct native_histogram_scale){.schema = schema,
						 .max_buckets = max_buckets};
	scale->bound_count = schema > 0 ? (size_t)1 << schema : 1;
	for (i = 0; i < scale->bound_count; i++)
		scale->bound[i] = exp2((double)i / (double)scale->bound_count) / 2;
	scale->bound[i] = 1;
	for (i = 0; i < LEADS; i++) {
		while (scale->bound[low] < 0.5 + 0.5 * (double)i / LEADS)
			low++;
		scale->below[i] = low;
	}
}

/*
 * The index at the higher of schema 0 and the scale's own. A double's bits are its octave
 * and, below 52 bits, its place in it; that place as a number from 0.5 to 1 is what the
 * bounds are. No more than two of them share their leading bits with it.
 */
static int native_histogram_fine_index(const struct native_histogram_scale *scale,
				       int64_t ns)
{
	/* 1e9 * 1e-9 is 1, and so each power of two stays one: no bound is missed. */
	double seconds = (double)ns * 1e-9, part;
	uint64_t bits, place;
	int octave, low;

	memcpy(&bits, &seconds, sizeof(bits));
	octave = (int)(bits >> 52) - 1023;
	place = (bits & (UINT64_MAX >> 12)) | UINT64_C(1022) << 52;
	memcpy(&part, &place, sizeof(part));
	low = scale->below[bits >> (52 - NATIVE_SCHEMA_MAX) & (LEADS - 1)];
	low += scale->bound[low] < part;
	low += scale->bound[low] < part;
	return octave * (int)scale->bound_count + low;
}

/* The index of the bucket that the bucket is part of, so many schemas down. */
static int native_histogram_coarser(int index, int schemas)
{
	return (index + (1 << schemas) - 1) >> schemas;
}

static int16_t *native_histogram_indexes_of(struct native_histogram *n)
{
	return (int16_t *)(n->counts + n->cap);
}

static size_t native_histogram_bytes_of(size_t cap)
{
	return sizeof(struct native_histogram) +
	       cap * (sizeof(uint32_t) + sizeof(int16_t));
}

size_t native_histogram_bytes(const struct native_histogram *n)
{
	return native_histogram_bytes_of(n->cap);
}

/* The first bucket that is not below @index. */
static size_t native_histogram_find(const struct native_histogram *n, int index)
{
	const int16_t *list = native_histogram_indexes(n);
	size_t low = 0, left = n->count;

	/* Without a branch that depends on what is found: it could not be foretold. */
	while (left > 1) {
		size_t half = left / 2;

		low += list[low + half - 1] < index ? half : 0;
		left -= half;
	}
	return low + (left && list[low] < index);
}

static void native_histogram_halve(struct native_histogram *n)
{
	int16_t *list = native_histogram_indexes_of(n);
	uint16_t from, to = 0;

	for (from = 0; from < n->count; from++) {
		int16_t index = (int16_t)native_histogram_coarser(list[from], 1);

		if (to && list[to - 1] == index) {
			n->counts[to - 1] += n->counts[from];
		} else {
			list[to] = index;
			n->counts[to++] = n->counts[from];
		}
	}
	n->count = to;
	n->schema--;
}

static int native_histogram_grow(struct native_histogram **np)
{
	struct native_histogram *n =
		realloc(*np, native_histogram_bytes_of((*np)->cap + STEP));
	const int16_t *from;

	if (!n)
		return ENOMEM;
	from = native_histogram_indexes(n);
	n->cap += STEP;
	memmove(native_histogram_indexes_of(n), from, n->count * sizeof(*from));
	*np = n;
	return 0;
}

static int native_histogram_insert(struct native_histogram **np, size_t at, int index)
{
	struct native_histogram *n = *np;
	int16_t *list;

	if (n->count == n->cap && native_histogram_grow(np))
		return ENOMEM;
	n = *np;
	list = native_histogram_indexes_of(n);
	memmove(list + at + 1, list + at, (n->count - at) * sizeof(*list));
	memmove(n->counts + at + 1, n->counts + at,
		(n->count - at) * sizeof(n->counts[0]));
	list[at] = (int16_t)index;
	n->counts[at] = 1;
	n->count++;
	return 0;
}

static int native_histogram_begin(struct native_histogram **np,
				  const struct native_histogram_scale *scale)
{
	struct native_histogram *n = calloc(1, native_histogram_bytes_of(STEP));

	if (!n)
		return ENOMEM;
	n->cap = STEP;
	n->schema = (int8_t)scale->schema;
	*np = n;
	return 0;
}

static int native_histogram_count_in(struct native_histogram **np,
				     const struct native_histogram_scale *scale, int fine)
{
	int schema = scale->schema > 0 ? scale->schema : 0;

	for (;;) {
		struct native_histogram *n = *np;
		int index = native_histogram_coarser(fine, schema - n->schema);
		size_t at = native_histogram_find(n, index);

		if (at < n->count && native_histogram_indexes(n)[at] == index) {
			n->counts[at]++;
			return 0;
		}
		if (n->count < scale->max_buckets || n->schema == NATIVE_SCHEMA_MIN)
			return native_histogram_insert(np, at, index);
		native_histogram_halve(n);
	}
}

int native_histogram_observe(struct native_histogram **np,
			     const struct native_histogram_scale *scale, int64_t ns)
{
	if (!*np && native_histogram_begin(np, scale))
		return ENOMEM;
	if (ns > 0)
		return native_histogram_count_in(np, scale,
						 native_histogram_fine_index(scale, ns));
	(*np)->zero++;
	return 0;
}

/*
 * Native histograms: Prometheus' exponential buckets. A bucket `i` of schema `s` holds
 * values in (2^((i-1)/2^s), 2^(i/2^s)] seconds. Only buckets that hold something take
 * memory, six bytes each, so that a trunk that answers evenly costs some dozens of bytes.
 */
#ifndef EXPORTER_STORE_NATIVE_HISTOGRAM_H
#define EXPORTER_STORE_NATIVE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
	NATIVE_SCHEMA_MIN = -4,
	NATIVE_SCHEMA_MAX = 8,
	/* Schema -4 needs five buckets for all that an int64_t of nanoseconds can say. */
	NATIVE_BUCKETS_MIN = 8,
};

/* 2^-128 s, as Prometheus' own clients have it: of whole nanoseconds only 0 is below. */
#define NATIVE_ZERO_THRESHOLD 0x1p-128

/* Common to all histograms of a store. */
struct native_histogram_scale {
	unsigned max_buckets; /* of one histogram; 0: none are kept */
	int schema;	      /* to begin with */
	size_t bound_count;   /* buckets of an octave, at least 1 */
	/* Their upper bounds, from 0.5 up, without the octave's own; then a stop. */
	double bound[(1 << NATIVE_SCHEMA_MAX) + 1];
	/* By the leading bits of a fraction from 0.5 to 1: how many bounds are below all
	 * that begin so. */
	uint16_t below[1 << NATIVE_SCHEMA_MAX];
};

/* Plain data in one piece, native_histogram_bytes() of it. */
struct native_histogram {
	uint32_t zero;	   /* observations of 0 */
	uint16_t count;	   /* buckets that hold something */
	uint16_t cap;	   /* buckets that there is room for */
	int8_t schema;	   /* falls when there are too many buckets */
	uint32_t counts[]; /* by rising index; after `cap` of them come the indexes */
};

/*
 * @schema:      NATIVE_SCHEMA_MIN to NATIVE_SCHEMA_MAX
 * @max_buckets: at least NATIVE_BUCKETS_MIN
 */
void native_histogram_scale_init(struct native_histogram_scale *scale, int schema,
				 unsigned max_buckets);

/*
 * Counts a duration. Where that would make too many buckets, pairs of them become one,
 * and the schema one less, until it fits.
 *
 * @np: the histogram, freed with free(); NULL before the first observation
 * @ns: not negative
 *
 * Returns 0; ENOMEM, and then it counted nothing.
 */
int native_histogram_observe(struct native_histogram **np,
			     const struct native_histogram_scale *scale, int64_t ns);

/* The size of a histogram, which may be copied as bytes. */
size_t native_histogram_bytes(const struct native_histogram *n);

/* The indexes of counts[], `count` of them. */
static inline const int16_t *native_histogram_indexes(const struct native_histogram *n)
{
	return (const int16_t *)(n->counts + n->cap);
}

#endif

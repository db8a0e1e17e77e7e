/*
 * Every metric family the exporter has, a row each. All renderers, --list-metrics and
 * docs/metrics.md read this one table; the names are promises (docs/contract.md).
 */
#ifndef EXPORTER_METRICS_CATALOGUE_H
#define EXPORTER_METRICS_CATALOGUE_H

#include <stdio.h>

#include "exporter/metrics/process.h"
#include "exporter/store/snapshot.h"

enum catalogue_type {
	CATALOGUE_COUNTER,
	CATALOGUE_GAUGE,
	CATALOGUE_HISTOGRAM,
	CATALOGUE_STATESET, /* a gauge a state: 1 for the one in force */
	CATALOGUE_INFO,	    /* a gauge that is always 1 */
};

enum {
	/* Bounds of what a family has besides the rows' own labels. */
	CATALOGUE_SAMPLES = 600,
	CATALOGUE_MAX = 128, /* catalogue_count is not greater */
};

/* One value. Its number is value / 10^decimals, exactly. */
struct sample {
	struct slice label; /* label text of its own, or empty */
	int64_t value;
	unsigned decimals; /* 0 to 9 */
};

/* What became of --web.config.file. */
struct catalogue_web {
	bool used; /* there is one; else the rest says nothing */
	bool successful;
	int64_t read_unix_ns; /* of what is in force */
	int64_t not_after_s;  /* of the certificates shown; 0: none are */
};

/* Facts about the exporter itself. */
struct catalogue_self {
	struct slice build;	   /* label text of build_info */
	int64_t loop_turn_unix_ns; /* 0: the loop was not made yet */
	uint64_t log_lost;	   /* lines */
	struct catalogue_web web;
	struct process_stats process;
	int64_t scrape_ns;    /* how long the scrape before this one took */
	int64_t scrape_bytes; /* and what it weighed as sent; -1: there was none */
};

struct catalogue_source {
	const struct snapshot *snapshot;
	const struct catalogue_self *self;
	const bool *wanted; /* by row, NULL: all */
};

/* Getters fill @out with a row's samples and return how many: none leaves it out. */
struct catalogue_family {
	const char *name;
	enum catalogue_type type;
	const char *unit; /* "seconds", "bytes" or "" */
	const char *help;
	/* Names in order, "trunk,method"; a trunk's own come besides. */
	const char *labels;
	size_t (*self_get)(struct sample *out, const struct catalogue_source *src);
	size_t (*trunk_get)(struct sample *out, const struct snapshot_trunk *t);
	size_t (*target_get)(struct sample *out, const struct snapshot_target *t);
	bool by_reason; /* a series a reason, which may be left out until it is seen */
	/* CATALOGUE_HISTOGRAM only: whether the target's buckets belong here. */
	bool histogram;
	/*
	 * Or a histogram of its own, in the shape of a target's; false or NULL: there is
	 * none. Of calls all have the same buckets; of the exporter each returns its own.
	 */
	bool (*call_histogram)(struct snapshot_target *out,
			       const struct snapshot_target *t);
	const struct stats_buckets *(*self_histogram)(struct snapshot_target *out,
						      const struct catalogue_source *src);
};

extern const struct catalogue_family catalogue[];
extern const size_t catalogue_count;

/* A renderer: told of each family that has samples, then of its samples by row. */
struct catalogue_sink {
	void (*family_h)(const struct catalogue_family *f, void *arg);
	void (*samples_h)(struct slice labels, const struct sample *s, size_t count,
			  void *arg);
	void (*histogram_h)(const struct snapshot_target *t,
			    const struct stats_buckets *b, void *arg);
};

/* Whether histograms go without their buckets. */
bool catalogue_spares_buckets(const struct catalogue_source *src);

/* Tells @sink, with @arg, all that is wanted of @src, in the catalogue's order. */
void catalogue_walk(const struct catalogue_source *src, const struct catalogue_sink *sink,
		    void *arg);

/*
 * Adds to @wanted, by row of the catalogue, the family that is called so in one of the
 * formats, or has a sample called so: `x_bucket` means all of the histogram `x`.
 */
void catalogue_want(bool *wanted, struct slice name);

/* "counter", "gauge" or "histogram": the types of the text format 0.0.4. */
const char *catalogue_type_name(enum catalogue_type type);

/* `name type unit labels help`, separated by tabs, one family a line. */
void catalogue_list(FILE *out);

/* docs/metrics.md. */
void catalogue_document(FILE *out);

#endif

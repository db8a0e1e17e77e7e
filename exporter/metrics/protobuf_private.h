/*
 * Prometheus' protobuf messages (io.prometheus.client), as far as we write them; field
 * numbers are those of tests/unit/exporter/metrics/metrics.proto. render_protobuf.c,
 * protobuf_labels.c and protobuf_histogram.c share this.
 */
#ifndef EXPORTER_METRICS_PROTOBUF_PRIVATE_H
#define EXPORTER_METRICS_PROTOBUF_PRIVATE_H

#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/wire.h"

enum { LABEL_PAIR_NAME = 1, LABEL_PAIR_VALUE = 2 };

enum { METRIC_LABEL = 1, METRIC_GAUGE = 2, METRIC_COUNTER = 3, METRIC_HISTOGRAM = 7 };

/*
 * Label texts as fields METRIC_LABEL. A text is packed once a rendering, however many
 * metrics have it: it is told by where it stands and by its length, and must stay there.
 */
struct protobuf_labels {
	struct protobuf_label *slots; /* of a power of two */
	size_t cap, used;
	struct buffer packed;
	struct buffer text; /* a value without escapes */
};

/* Where in `packed` a text's fields stand: later ones may move it. */
struct protobuf_fields {
	size_t at, len;
};

/* Nothing for an empty text, and without memory, which `packed.err` says. */
struct protobuf_fields protobuf_labels_of(struct protobuf_labels *l, struct slice text);

void protobuf_labels_clear(struct protobuf_labels *l);

/* What of a snapshot is the same for all of its histograms. */
struct protobuf_histograms {
	const struct snapshot *snapshot;
	bool spare_buckets;
	struct buffer out; /* a message, emptied before each */
};

/* The fields of a Histogram, in `out`; a failure stays in its `err`. */
void protobuf_histogram_make(struct protobuf_histograms *h,
			     const struct snapshot_target *t,
			     const struct stats_buckets *b);

#endif

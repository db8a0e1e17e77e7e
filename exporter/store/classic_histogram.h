/* Histogram bounds in the forms that counting and rendering need. */
#ifndef EXPORTER_STORE_CLASSIC_HISTOGRAM_H
#define EXPORTER_STORE_CLASSIC_HISTOGRAM_H

#include "exporter/store/stats.h"

/* Returns 0 or ENOMEM; freed with classic_histogram_clear(). */
int classic_histogram_init(struct stats_buckets *b, const double *bound_s, size_t count);
void classic_histogram_clear(struct stats_buckets *b);

#endif

/* Histogram bounds in the forms that counting and rendering need. */
#ifndef EXPORTER_BUCKETS_H
#define EXPORTER_BUCKETS_H

#include "exporter/stats.h"

/* Returns 0 or ENOMEM; freed with buckets_clear(). */
int buckets_init(struct stats_buckets *b, const double *bound_s, size_t count);
void buckets_clear(struct stats_buckets *b);

#endif

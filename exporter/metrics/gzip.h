/* gzip (RFC 1952) of what is there as a whole. */
#ifndef EXPORTER_METRICS_GZIP_H
#define EXPORTER_METRICS_GZIP_H

#include "base/buffer.h"

/* Appends @from compressed to @out, which is empty. Returns 0 or ENOMEM. */
int gzip_compress(struct buffer *out, const struct buffer *from);

#endif

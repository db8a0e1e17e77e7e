/* gzip (RFC 1952), one member, at the level that costs a scrape least. */
#ifndef EXPORTER_GZIP_H
#define EXPORTER_GZIP_H

#include "exporter/buffer.h"

/* Appends @from compressed to @out, which is empty. Returns 0 or ENOMEM. */
int gzip_compress(struct buffer *out, const struct buffer *from);

#endif

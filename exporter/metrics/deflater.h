/*
 * DEFLATE (RFC 1951) at the level that costs a scrape least: by ISA-L where there is one,
 * by zlib elsewhere. One file each. What is deflated at a time is less than 4 GiB.
 */
#ifndef EXPORTER_METRICS_DEFLATER_H
#define EXPORTER_METRICS_DEFLATER_H

#include <stdbool.h>

#include "base/buffer.h"

struct deflater;

/* Returns 0 or ENOMEM. */
int deflater_alloc(struct deflater **dp);

/* NULL is ignored. */
void deflater_free(struct deflater *d);

/* Appends a stream that holds @from alone, without a head. Returns 0 or ENOMEM. */
int deflater_piece(struct deflater *d, struct buffer *out, struct slice from);

/* Such a stream back again. Returns its bytes, or 0 for want of memory or room. */
size_t deflater_unpack(char *to, size_t size, struct slice from);

/*
 * Appends to a gzip stream (RFC 1952) what is ready of it after @from. The stream has one
 * member: curl reads no second one.
 *
 * @last: there is no more; the next call begins another stream
 *
 * Returns 0 or ENOMEM.
 */
int deflater_gzip(struct deflater *d, struct buffer *out, struct slice from, bool last);

#endif

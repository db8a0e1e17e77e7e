#include "exporter/metrics/gzip.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>

#define GZIP_LEVEL 1

/* The bound is about the size of the input: give back what compression saved. */
static void gzip_shrink(struct buffer *b)
{
	char *data = realloc(b->data, b->len);

	if (!data)
		return;
	b->data = data;
	b->cap = b->len;
}

int gzip_compress(struct buffer *out, const struct buffer *from)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(GZIP_LEVEL);
	size_t bound = c ? libdeflate_gzip_compress_bound(c, from->len) : 0;
	char *to = c ? buffer_reserve(out, bound) : NULL;

	if (to)
		out->len = libdeflate_gzip_compress(c, from->data, from->len, to, bound);
	libdeflate_free_compressor(c);
	if (!out->len)
		return ENOMEM;
	gzip_shrink(out);
	return 0;
}

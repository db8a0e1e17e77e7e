#include "exporter/metrics/gzip.h"

#include "exporter/metrics/deflater.h"

int gzip_compress(struct buffer *out, const struct buffer *from)
{
	struct deflater *d = NULL;
	int err = deflater_alloc(&d);

	if (!err)
		err = deflater_gzip(d, out, (struct slice){from->data, from->len}, true);
	deflater_free(d);
	buffer_shrink(out);
	return err;
}

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#include "exporter/metrics/deflater.h"

/* Room that is made for what comes out at a time. */
#define DEFLATER_STEP (64 * 1024)

/* Of windowBits: 32 KiB, as a gzip stream, or without a head. */
enum { DEFLATER_GZIP = 15 + 16, DEFLATER_RAW = -15, DEFLATER_MEMORY = 8 };

struct deflater {
	z_stream piece;
	z_stream gzip;
};

static int deflater_begin(z_stream *z, int bits)
{
	return deflateInit2(z, Z_BEST_SPEED, Z_DEFLATED, bits, DEFLATER_MEMORY,
			    Z_DEFAULT_STRATEGY) == Z_OK
		       ? 0
		       : ENOMEM;
}

int deflater_alloc(struct deflater **dp)
{
	struct deflater *d = calloc(1, sizeof(*d));
	int err = d ? deflater_begin(&d->piece, DEFLATER_RAW) : ENOMEM;

	if (!err)
		err = deflater_begin(&d->gzip, DEFLATER_GZIP);
	if (err) {
		deflater_free(d);
		return err;
	}
	*dp = d;
	return 0;
}

void deflater_free(struct deflater *d)
{
	if (!d)
		return;
	(void)deflateEnd(&d->piece);
	(void)deflateEnd(&d->gzip);
	free(d);
}

static int deflater_run(z_stream *z, struct buffer *out, struct slice from, bool last)
{
	z->next_in = (const Bytef *)from.p;
	z->avail_in = (uInt)from.l;
	do {
		char *to = buffer_reserve(out, DEFLATER_STEP);

		if (!to)
			return ENOMEM;
		z->next_out = (Bytef *)to;
		z->avail_out = DEFLATER_STEP;
		(void)deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
		out->len += DEFLATER_STEP - z->avail_out;
	} while (!z->avail_out);
	return last && deflateReset(z) != Z_OK ? ENOMEM : 0;
}

int deflater_piece(struct deflater *d, struct buffer *out, struct slice from)
{
	return deflater_run(&d->piece, out, from, true);
}

int deflater_gzip(struct deflater *d, struct buffer *out, struct slice from, bool last)
{
	return deflater_run(&d->gzip, out, from, last);
}

size_t deflater_unpack(char *to, size_t size, struct slice from)
{
	z_stream z = {.next_in = (const Bytef *)from.p,
		      .avail_in = (uInt)from.l,
		      .next_out = (Bytef *)to,
		      .avail_out = (uInt)size};
	int end;

	if (inflateInit2(&z, DEFLATER_RAW) != Z_OK)
		return 0;
	end = inflate(&z, Z_FINISH);
	(void)inflateEnd(&z);
	return end == Z_STREAM_END ? size - z.avail_out : 0;
}

#include <errno.h>
#include <stdlib.h>

#include <isa-l/igzip_lib.h>

#include "exporter/metrics/deflater.h"

#define DEFLATER_LEVEL 1

/* Room that is made for what comes out at a time. */
#define DEFLATER_STEP (64 * 1024)

struct deflater {
	struct isal_zstream piece;
	struct isal_zstream gzip;
	uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
	uint8_t gzip_level_buf[ISAL_DEF_LVL1_DEFAULT];
};

static void deflater_gzip_begin(struct deflater *d)
{
	isal_deflate_init(&d->gzip);
	d->gzip.level = DEFLATER_LEVEL;
	d->gzip.level_buf = d->gzip_level_buf;
	d->gzip.level_buf_size = sizeof(d->gzip_level_buf);
	d->gzip.gzip_flag = IGZIP_GZIP;
}

int deflater_alloc(struct deflater **dp)
{
	struct deflater *d = malloc(sizeof(*d));

	if (!d)
		return ENOMEM;
	deflater_gzip_begin(d);
	*dp = d;
	return 0;
}

void deflater_free(struct deflater *d)
{
	free(d);
}

/* ISA-L reads it only, but says so nowhere. */
static uint8_t *deflater_bytes(struct slice from)
{
	return (uint8_t *)(uintptr_t)from.p;
}

/* It stores what does not become smaller, in blocks of 64 KiB with a head of five bytes.
 */
static size_t deflater_bound(size_t len)
{
	return len + (len / 65535 + 1) * 5 + 64;
}

int deflater_piece(struct deflater *d, struct buffer *out, struct slice from)
{
	size_t bound = deflater_bound(from.l);
	char *to = buffer_reserve(out, bound);

	if (!to)
		return ENOMEM;
	isal_deflate_stateless_init(&d->piece);
	d->piece.level = DEFLATER_LEVEL;
	d->piece.level_buf = d->level_buf;
	d->piece.level_buf_size = sizeof(d->level_buf);
	d->piece.end_of_stream = 1;
	d->piece.next_in = deflater_bytes(from);
	d->piece.avail_in = (uint32_t)from.l;
	d->piece.next_out = (uint8_t *)to;
	d->piece.avail_out = (uint32_t)bound;
	if (isal_deflate_stateless(&d->piece) != COMP_OK)
		return ENOMEM;
	out->len += bound - d->piece.avail_out;
	return 0;
}

static int deflater_gzip_step(struct isal_zstream *z, struct buffer *out)
{
	char *to = buffer_reserve(out, DEFLATER_STEP);

	if (!to)
		return ENOMEM;
	z->next_out = (uint8_t *)to;
	z->avail_out = DEFLATER_STEP;
	if (isal_deflate(z) != COMP_OK)
		return ENOMEM;
	out->len += DEFLATER_STEP - z->avail_out;
	return 0;
}

int deflater_gzip(struct deflater *d, struct buffer *out, struct slice from, bool last)
{
	struct isal_zstream *z = &d->gzip;
	int err;

	z->next_in = deflater_bytes(from);
	z->avail_in = (uint32_t)from.l;
	z->end_of_stream = last;
	do {
		err = deflater_gzip_step(z, out);
	} while (!err && !z->avail_out);
	if (err || last)
		deflater_gzip_begin(d);
	return err;
}

size_t deflater_unpack(char *to, size_t size, struct slice from)
{
	struct inflate_state *z = malloc(sizeof(*z));
	size_t got = 0;

	if (!z)
		return 0;
	isal_inflate_init(z);
	z->next_in = deflater_bytes(from);
	z->avail_in = (uint32_t)from.l;
	z->next_out = (uint8_t *)to;
	z->avail_out = (uint32_t)size;
	if (isal_inflate_stateless(z) == ISAL_DECOMP_OK)
		got = size - z->avail_out;
	free(z);
	return got;
}

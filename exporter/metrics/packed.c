#include "exporter/metrics/packed.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>

#define PACKED_LEVEL 1

struct packed {
	size_t len;
	struct buffer data;
	size_t ends[]; /* of each piece, in `data` */
};

static size_t packed_pieces(size_t len)
{
	return (len + PACKED_PIECE - 1) / PACKED_PIECE;
}

static size_t packed_piece_len(size_t len, size_t at)
{
	return len - at < PACKED_PIECE ? len - at : PACKED_PIECE;
}

static int packed_fill(struct packed *p, struct libdeflate_compressor *c,
		       const char *from)
{
	size_t bound = libdeflate_deflate_compress_bound(c, PACKED_PIECE);

	for (size_t at = 0; at < p->len; at += PACKED_PIECE) {
		char *to = buffer_reserve(&p->data, bound);

		if (!to)
			return ENOMEM;
		p->data.len += libdeflate_deflate_compress(
			c, from + at, packed_piece_len(p->len, at), to, bound);
		p->ends[at / PACKED_PIECE] = p->data.len;
	}
	return 0;
}

int packed_make(struct packed **pp, const struct buffer *from)
{
	size_t count = packed_pieces(from->len);
	struct packed *p = calloc(1, sizeof(*p) + count * sizeof(p->ends[0]));
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(PACKED_LEVEL);
	int err = p && c ? 0 : ENOMEM;

	if (!err) {
		p->len = from->len;
		err = packed_fill(p, c, from->data);
	}
	libdeflate_free_compressor(c);
	if (err)
		packed_free(p);
	else
		*pp = p;
	return err;
}

void packed_free(struct packed *p)
{
	if (!p)
		return;
	buffer_clear(&p->data);
	free(p);
}

size_t packed_len(const struct packed *p)
{
	return p->len;
}

size_t packed_kept(const struct packed *p)
{
	return p->data.len;
}

size_t packed_read(const struct packed *p, uint64_t pos, char *to, size_t size)
{
	size_t piece = (size_t)(pos / PACKED_PIECE);
	size_t begin, want, got = 0;
	struct libdeflate_decompressor *d;

	if (pos >= p->len || pos % PACKED_PIECE)
		return 0;
	begin = piece ? p->ends[piece - 1] : 0;
	want = packed_piece_len(p->len, (size_t)pos);
	d = size >= want ? libdeflate_alloc_decompressor() : NULL;
	if (d &&
	    libdeflate_deflate_decompress(d, p->data.data + begin, p->ends[piece] - begin,
					  to, want, &got) != LIBDEFLATE_SUCCESS)
		got = 0;
	libdeflate_free_decompressor(d);
	return got;
}

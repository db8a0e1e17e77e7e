#include "exporter/metrics/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct packed {
	size_t len;
	struct buffer data;
	struct buffer ends; /* size_t: of each piece, in `data` */
};

int packed_alloc(struct packed **pp)
{
	struct packed *p = calloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;
	*pp = p;
	return 0;
}

void packed_free(struct packed *p)
{
	if (!p)
		return;
	buffer_clear(&p->data);
	buffer_clear(&p->ends);
	free(p);
}

int packed_add(struct packed *p, struct deflater *d, struct slice from)
{
	for (size_t at = 0; at < from.l; at += PACKED_PIECE) {
		size_t left = from.l - at;
		struct slice piece = {from.p + at,
				      left < PACKED_PIECE ? left : PACKED_PIECE};
		int err = deflater_piece(d, &p->data, piece);

		buffer_add(&p->ends, &p->data.len, sizeof(p->data.len));
		if (err || p->ends.err)
			return ENOMEM;
		p->len += piece.l;
	}
	return 0;
}

size_t packed_len(const struct packed *p)
{
	return p->len;
}

size_t packed_kept(const struct packed *p)
{
	return p->data.len + p->ends.len;
}

void packed_shrink(struct packed *p)
{
	buffer_shrink(&p->data);
	buffer_shrink(&p->ends);
}

/* Where a piece ends in the data. */
static size_t packed_end(const struct packed *p, size_t piece)
{
	size_t end;

	memcpy(&end, p->ends.data + piece * sizeof(end), sizeof(end));
	return end;
}

size_t packed_read(const struct packed *p, uint64_t pos, char *to, size_t size)
{
	size_t piece = (size_t)(pos / PACKED_PIECE);
	size_t begin, want;

	if (pos >= p->len || pos % PACKED_PIECE)
		return 0;
	begin = piece ? packed_end(p, piece - 1) : 0;
	want = p->len - (size_t)pos < PACKED_PIECE ? p->len - (size_t)pos : PACKED_PIECE;
	if (size < want)
		return 0;
	return deflater_unpack(
		to, want,
		(struct slice){p->data.data + begin, packed_end(p, piece) - begin});
}

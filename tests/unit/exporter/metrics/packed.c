/* Bodies of every length come back piece by piece as they were. */
#include <stdlib.h>
#include <string.h>

#include "exporter/metrics/packed.h"
#include "tests/unit/tap.h"

static const size_t lengths[] = {0,
				 1,
				 PACKED_PIECE - 1,
				 PACKED_PIECE,
				 PACKED_PIECE + 1,
				 5 * PACKED_PIECE,
				 7 * PACKED_PIECE + 4321};

/* Partly of one kind, partly without any order. */
static char packed_byte(size_t i)
{
	return i / 10000 % 2 ? 'a' : (char)(i * 2654435761U >> 13);
}

/* In one go. */
static int packed_of(struct packed **pp, const struct buffer *from)
{
	struct deflater *d = NULL;
	int err = packed_alloc(pp);

	if (!err)
		err = deflater_alloc(&d);
	if (!err)
		err = packed_add(*pp, d, (struct slice){from->data, from->len});
	deflater_free(d);
	packed_shrink(*pp);
	return err;
}

static bool same(const struct packed *p, const struct buffer *from)
{
	static char piece[PACKED_PIECE];
	size_t at = 0, got;

	while ((got = packed_read(p, at, piece, sizeof(piece))) > 0) {
		if (at + got > from->len || memcmp(piece, from->data + at, got) != 0)
			return false;
		at += got;
	}
	return at == from->len;
}

static void test_lengths(void)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct buffer from = {0};
		struct packed *p = NULL;

		for (size_t n = 0; n < lengths[i]; n++) {
			char c = packed_byte(n);

			buffer_add(&from, &c, 1);
		}
		is_int(packed_of(&p, &from), 0, "is packed");
		is_int((long long)packed_len(p), (long long)lengths[i], "its length");
		ok(same(p, &from), "comes back");
		if (lengths[i] > 50000)
			ok(packed_kept(p) < lengths[i] * 3 / 4, "is smaller");
		packed_free(p);
		buffer_clear(&from);
	}
}

static void test_wrong(void)
{
	char text[PACKED_PIECE] = "abc", to[PACKED_PIECE];
	struct buffer from = {.data = text, .len = 3};
	struct packed *p = NULL;

	if (packed_of(&p, &from))
		return;
	is_int((long long)packed_read(p, 1, to, sizeof(to)), 0, "within a piece");
	is_int((long long)packed_read(p, 3, to, sizeof(to)), 0, "behind the end");
	is_int((long long)packed_read(p, 0, to, 2), 0, "without room");
	is_int((long long)packed_read(p, 0, to, 3), 3, "with just enough");
	packed_free(p);
	packed_free(NULL);
}

int main(void)
{
	test_lengths();
	test_wrong();
	return tap_done();
}

/* Whatever is written, in parts of any size, is what is kept, however it is kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/metrics/body.h"
#include "tests/unit/exporter/gunzip.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

#define WINDOW (8 * (size_t)PACKED_PIECE)
#define MOST   (5 * WINDOW)

static const struct {
	size_t len;
	bool gzip;
	bool is_gzip, is_packed;
} rows[] = {
	{0, false, false, false},	    {0, true, false, false},
	{1399, true, false, false},	    {1400, true, true, false},
	{WINDOW - 1, false, false, false},  {WINDOW - 1, true, true, false},
	{WINDOW + 999, false, false, true}, {WINDOW + 999, true, true, false},
	{2 * WINDOW, false, false, true},   {MOST - 1, false, false, true},
	{MOST - 1, true, true, false},
};

static char text[MOST];

/* Lines that are alike, and parts without any order. */
static void text_fill(void)
{
	for (size_t i = 0; i < MOST; i++)
		text[i] = i / 10000 % 2 ? "siptrunk_up{}"[i % 13]
					: (char)(i * 2654435761U >> 13);
}

/* In parts of growing size. */
static int body_of(struct body *b, size_t len, bool gzip)
{
	struct body_writer *w = NULL;
	int err = body_writer_alloc(&w, gzip);

	for (size_t at = 0, part = 1; !err && at < len; at += part++) {
		size_t left = len - at;

		if (part > left)
			part = left;
		buffer_add(body_writer_window(w), text + at, part);
	}
	if (!err)
		err = body_writer_end(w, b);
	body_writer_free(w);
	return err;
}

static size_t unpacked(char *to, const struct packed *p)
{
	size_t at = 0, got;

	while ((got = packed_read(p, at, to + at, MOST - at)) > 0)
		at += got;
	return at;
}

static size_t read_back(char *to, const struct body *b)
{
	if (b->packed)
		return unpacked(to, b->packed);
	if (b->gzip)
		return gunzip(to, MOST, b->whole.data, b->whole.len);
	memcpy(to, b->whole.data ? b->whole.data : "", b->whole.len);
	return b->whole.len;
}

static void test_lengths(void)
{
	char *back = malloc(MOST);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct body b = {0};

		ok(!body_of(&b, rows[i].len, rows[i].gzip), "%zu bytes", rows[i].len);
		is_int((long long)b.len, (long long)rows[i].len, "are known");
		ok(b.gzip == rows[i].is_gzip && !b.packed == !rows[i].is_packed,
		   "and kept as they should be");
		is_int((long long)read_back(back, &b), (long long)rows[i].len,
		       "all of them");
		ok(!memcmp(back, text, rows[i].len), "the same ones");
		if (b.packed || b.gzip)
			ok(body_kept(&b) < b.len * 3 / 4, "smaller: %zu of %zu",
			   body_kept(&b), b.len);
		body_clear(&b);
	}
	free(back);
}

/* The window stays a window. */
static void test_window(void)
{
	struct body_writer *w = NULL;
	struct body b = {0};
	size_t most = 0;

	if (body_writer_alloc(&w, true))
		return;
	for (size_t i = 0; i < MOST / 100; i++) {
		buffer_add(body_writer_window(w), text, 100);
		if (body_writer_window(w)->cap > most)
			most = body_writer_window(w)->cap;
	}
	ok(most <= 2 * WINDOW, "%d bytes pass through %zu", (int)MOST, most);
	is_int(body_writer_end(w, &b), 0, "to the end");
	body_clear(&b);
	body_writer_free(w);
}

/* Every allocation fails once: it is told, or what is kept is whole. */
static void test_memory(bool gzip)
{
	unsigned wrong = 0;
	bool failed;
	long n = -1;

	do {
		struct body b = {0};
		int err;

		countdown = ++n;
		err = body_of(&b, 2 * WINDOW, gzip);
		failed = countdown < 0;
		countdown = -1;
		wrong += err ? !failed || err != ENOMEM : b.len != 2 * WINDOW;
		body_clear(&b);
	} while (failed);
	ok(n > 4, "%ld allocations failed in turn", n);
	is_int(wrong, 0, "each was told");
}

int main(void)
{
	text_fill();
	test_lengths();
	test_window();
	test_memory(true);
	test_memory(false);
	return tap_done();
}

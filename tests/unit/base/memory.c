/* Arenas and buffers: pieces that stay where they are, growth, and failures that stay. */
#include <errno.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/buffer_format.h"
#include "tests/unit/tap.h"

static void test_arena(void)
{
	struct arena a = {0};
	size_t aligned = 0, zero = 0;
	unsigned char *pieces[400];

	for (size_t i = 0; i < 400; i++) {
		size_t size = i * 7 % 300 + 1;

		pieces[i] = arena_alloc(&a, size, 16);
		aligned += (uintptr_t)pieces[i] % 16 == 0;
		for (size_t k = 0; k < size; k++)
			zero += pieces[i][k] != 0;
		memset(pieces[i], (int)(i % 255) + 1, size);
	}
	is_int((long long)aligned, 400, "each piece begins where it may");
	is_int((long long)zero, 0, "and is zeroed");
	for (size_t i = 0; i < 400; i++)
		for (size_t k = 0; k < i * 7 % 300 + 1; k++)
			zero += pieces[i][k] != i % 255 + 1;
	is_int((long long)zero, 0, "none lies over another");
	ok(arena_alloc(&a, 1 << 20, 1) != NULL, "a piece larger than a chunk");
	ok(!arena_alloc(&a, SIZE_MAX - 8, 1), "one that cannot be");
	is_str(arena_copy(&a, "abcdef", 3), "abc", "a copy is terminated");
	arena_free(&a);
	ok(!a.head, "it is empty afterwards");
	is_str(arena_copy(&a, "again", 5), "again", "and may be used again");
	arena_free(&a);
}

static void test_buffer(void)
{
	struct buffer b = {0};
	bool same = true;

	buffer_add(&b, NULL, 0);
	is_int((long long)b.len, 0, "nothing added is nothing");
	for (int i = 0; i < 3000; i++)
		buffer_add(&b, "0123456789", 10);
	is_int((long long)b.len, 30000, "it grows");
	for (size_t i = 0; i < b.len; i++)
		same = same && b.data[i] == (char)('0' + i % 10);
	ok(same && b.cap >= b.len && b.cap < 4 * b.len, "and keeps what it holds");
	buffer_clear(&b);
	ok(!b.data && !b.len && !b.cap, "it is empty afterwards");
	buffer_str(&b, "a");
	buffer_format(&b, "%d-%s", 12, "bc");
	buffer_format(&b, "%s", "");
	buffer_add(&b, "", 1);
	is_str(b.data, "a12-bc", "texts and formats");
	ok(!buffer_reserve(&b, SIZE_MAX / 2), "more than there can be");
	is_int(b.err, ENOMEM, "is a failure");
	buffer_str(&b, "x");
	buffer_format(&b, "%d", 1);
	is_int((long long)b.len, 7, "after which nothing is added");
	buffer_clear(&b);
	is_int(b.err, 0, "until it is cleared");
}

static void test_reserve(void)
{
	struct buffer b = {0};
	char *room = buffer_reserve(&b, 256);

	ok(room == b.data && b.cap == 256 && !b.len, "room is no content");
	b.len = 256;
	ok(buffer_reserve(&b, 0) == b.data + 256 && b.cap == 256, "full is not too full");
	ok(buffer_reserve(&b, 1) == b.data + 256 && b.cap == 512, "one more is");
	buffer_clear(&b);
}

int main(void)
{
	test_arena();
	test_buffer();
	test_reserve();
	return tap_done();
}

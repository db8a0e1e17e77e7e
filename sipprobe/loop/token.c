#include "sipprobe/loop/token.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

#define TOKEN_ONES 0x0101010101010101ULL

/* Drawn a block at a time: a call a probe would cost more than the probe's own work. */
static unsigned char pool[4096];
static size_t pool_used = sizeof(pool);

/* What was given is overwritten: nobody reads it a second time. */
static int token_draw(uint32_t *word)
{
	if (pool_used == sizeof(pool)) {
		if (RAND_bytes(pool, sizeof(pool)) != 1)
			return EIO;
		pool_used = 0;
	}
	memcpy(word, pool + pool_used, sizeof(*word));
	memset(pool + pool_used, 0, sizeof(*word));
	pool_used += sizeof(*word);
	return 0;
}

/* Eight digits, a byte each, made side by side: their order says nothing. */
static uint64_t token_digits(uint32_t word)
{
	uint64_t x = word, tens;

	x = (x | x << 16) & 0x0000ffff0000ffffULL;
	x = (x | x << 8) & 0x00ff00ff00ff00ffULL;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0fULL;
	tens = ((x + 6 * TOKEN_ONES) >> 4) & TOKEN_ONES; /* 1 from ten on */
	return x + '0' * TOKEN_ONES + tens * ('a' - '0' - 10);
}

static uint32_t token_word(uint64_t digits)
{
	uint64_t letters = digits >> 6 & TOKEN_ONES;
	uint64_t x = (digits & 0x0f0f0f0f0f0f0f0fULL) + 9 * letters;

	x = (x | x >> 4) & 0x00ff00ff00ff00ffULL;
	x = (x | x >> 8) & 0x0000ffff0000ffffULL;
	return (uint32_t)(x | x >> 16);
}

int token_pack(uint32_t *words, const char *digits, size_t len)
{
	uint64_t all;

	for (size_t at = 0; at < len; at += TOKEN_DIGITS) {
		uint32_t *word = words + at / TOKEN_DIGITS;

		memcpy(&all, digits + at, sizeof(all));
		*word = token_word(all);
		if (token_digits(*word) != all)
			return EINVAL;
	}
	return 0;
}

void token_unpack(char *digits, const uint32_t *words, size_t len)
{
	for (size_t at = 0; at < len; at += TOKEN_DIGITS) {
		uint64_t all = token_digits(words[at / TOKEN_DIGITS]);

		memcpy(digits + at, &all, sizeof(all));
	}
}

static int token_draw_digits(uint64_t *digits)
{
	uint32_t word;
	int err = token_draw(&word);

	if (!err)
		*digits = token_digits(word);
	return err;
}

int token_hex(char *out, size_t len)
{
	uint64_t digits;

	for (; len >= sizeof(digits); out += sizeof(digits), len -= sizeof(digits)) {
		if (token_draw_digits(&digits))
			return EIO;
		memcpy(out, &digits, sizeof(digits));
	}
	if (len && token_draw_digits(&digits))
		return EIO;
	memcpy(out, &digits, len);
	return 0;
}

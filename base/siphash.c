#include "base/siphash.h"

static uint64_t siphash_rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t read_le(const uint8_t *p, size_t len)
{
	uint64_t word = 0;

	while (len--)
		word = word << 8 | p[len];
	return word;
}

static void siphash_rounds(uint64_t v[4], unsigned n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = siphash_rotate(v[1], 13) ^ v[0];
		v[3] = siphash_rotate(v[3], 16) ^ v[2];
		v[0] = siphash_rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = siphash_rotate(v[1], 17) ^ v[2];
		v[3] = siphash_rotate(v[3], 21) ^ v[0];
		v[2] = siphash_rotate(v[2], 32);
	}
}

static void siphash_absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	siphash_rounds(v, 2);
	v[0] ^= word;
}

uint64_t siphash_bytes(const struct siphash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v[4] = {
		key->half[0] ^ 0x736f6d6570736575, key->half[1] ^ 0x646f72616e646f6d,
		key->half[0] ^ 0x6c7967656e657261, key->half[1] ^ 0x7465646279746573};
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8)
		siphash_absorb(v, read_le(p, 8));
	siphash_absorb(v, (uint64_t)len << 56 | read_le(p, left));
	v[2] ^= 0xff;
	siphash_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

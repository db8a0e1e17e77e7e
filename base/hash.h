/*
 * A hash that is a promise: FNV-1a, 64 bits. What rests on it (places in the schedule,
 * shards) has to come out the same in every version and on every machine, which no
 * library's hash vows.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#define HASH_START 0xcbf29ce484222325ULL

static inline uint64_t hash_byte(uint64_t h, unsigned char byte)
{
	return (h ^ byte) * 0x100000001b3ULL;
}

static inline uint64_t hash_text(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = hash_byte(h, (unsigned char)*text);
	return h;
}

/* Spreads: texts that differ in their last digit only must not fall side by side. */
static inline uint64_t hash_mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	return h ^ h >> 33;
}

#endif

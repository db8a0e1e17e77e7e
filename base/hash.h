/*
 * Hashes that are a promise: FNV-1a. What rests on the one of 64 bits (places in the
 * schedule, shards) has to come out the same in every version and on every machine, which
 * no library's hash vows. The one of 32 bits is the value of probe_ip_addr_hash, where
 * another value has to mean another address. Against keys that somebody picks to collide
 * there is base/siphash.
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

#define HASH32_START 0x811c9dc5U

static inline uint32_t hash32_byte(uint32_t h, unsigned char byte)
{
	return (h ^ byte) * 0x1000193U;
}

/* Spreads: texts that differ in their last digit only must not fall side by side. */
static inline uint64_t hash_mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	return h ^ h >> 33;
}

#endif

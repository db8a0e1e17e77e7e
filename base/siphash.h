/*
 * SipHash-2-4: a keyed hash whose collisions nobody can prepare without the key. For
 * tables keyed by what others choose, and for tags that need no memory.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t half[2];
};

/* The hash of @len bytes. The key is secret, and random once a run. */
uint64_t siphash_bytes(const struct siphash_key *key, const void *data, size_t len);

#endif

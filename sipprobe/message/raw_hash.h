/*
 * A number for what a response says of its sender's software and abilities, as the guard
 * passes over it: the same bytes, the same number. It only tells whether a closer look is
 * worth it, and is made by words, as each answer pays for it.
 */
#ifndef SIPPROBE_MESSAGE_RAW_HASH_H
#define SIPPROBE_MESSAGE_RAW_HASH_H

#include <string.h>

#include "sipprobe/loop/compat.h"

static inline uint64_t raw_hash_word(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

/* With its length, so that bytes do not pass from one value to the next unseen. */
static inline uint64_t raw_hash_bytes(uint64_t h, const struct pl *bytes)
{
	const char *p = bytes->p;
	size_t left = bytes->l;
	uint64_t word;

	h = raw_hash_word(h, bytes->l);
	for (; left >= sizeof(word); left -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = raw_hash_word(h, word);
	}
	for (word = 0; left; left--)
		word = word << 8 | (unsigned char)*p++;
	return raw_hash_word(h, word);
}

/*
 * Whether a field may be Allow, Accept, Server, Supported or User-Agent. By length and
 * first letter: it may take too many in, never too few.
 */
static inline bool raw_hash_wants(const struct pl *name)
{
	switch (name->l) {
	case 1:
		return (*name->p | 0x20) == 'k';
	case 5:
		return (*name->p | 0x20) == 'a';
	case 6:
		return (*name->p | 0x20) == 'a' || (*name->p | 0x20) == 's';
	case 9:
		return (*name->p | 0x20) == 's';
	case 10:
		return (*name->p | 0x20) == 'u';
	default:
		return false;
	}
}

static inline uint64_t raw_hash_field(uint64_t h, const struct pl *name,
				      const struct pl *value)
{
	uint64_t word = name->l << 8 | (unsigned char)(*name->p | 0x20);

	return raw_hash_bytes(raw_hash_word(h, word), value);
}

#endif

#include "tests/simulation/kernel/chance.h"

#include "base/hash.h"

uint64_t chance_stream(uint64_t seed, uint64_t what)
{
	return hash_mix(hash_mix(seed + 1) ^ (what + 1) * 0x9e37UL) | 1;
}

/* xorshift64*; never 0, which chance_stream() sees to. */
uint64_t chance_next(uint64_t *stream)
{
	*stream ^= *stream >> 12;
	*stream ^= *stream << 25;
	*stream ^= *stream >> 27;
	return *stream * 0x2545f4914f6cdd1dUL;
}

uint64_t chance_below(uint64_t *stream, uint64_t n)
{
	return n ? (chance_next(stream) >> 16) % n : 0;
}

int64_t chance_between(uint64_t *stream, int64_t lo, int64_t hi)
{
	return lo + (int64_t)chance_below(stream, (uint64_t)(hi - lo) + 1);
}

bool chance_of(uint64_t *stream, unsigned ppm)
{
	return chance_below(stream, 1000000) < ppm;
}

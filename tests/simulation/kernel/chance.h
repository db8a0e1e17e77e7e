/*
 * Random numbers. Each source of chance has a stream of its own, so that one fault more
 * or less, or a change in the code, leaves all others as they were: that is what lets a
 * seed be made small.
 */
#ifndef TESTS_SIMULATION_KERNEL_CHANCE_H
#define TESTS_SIMULATION_KERNEL_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

/* A stream's first state; @what: which of the seed's. */
uint64_t chance_stream(uint64_t seed, uint64_t what);

uint64_t chance_next(uint64_t *stream);
uint64_t chance_below(uint64_t *stream, uint64_t n); /* 0 to @n - 1; 0 for 0 */
int64_t chance_between(uint64_t *stream, int64_t lo, int64_t hi); /* both included */
bool chance_of(uint64_t *stream, unsigned ppm);

#endif

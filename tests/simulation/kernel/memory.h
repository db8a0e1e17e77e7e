/*
 * Memory: the simulator's own, and allocations of the product's that fail. The product's
 * calls are sent here by the linker (wrapped.h), those of shared libraries are not.
 */
#ifndef TESTS_SIMULATION_KERNEL_MEMORY_H
#define TESTS_SIMULATION_KERNEL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed. Ends the program where there is none: the simulator has no other answer. */
void *memory_get(size_t size);
void *memory_more(void *p, size_t size);
void memory_free(void *p);

/* From now on so many of a million of the product's allocations fail; 0: none. */
void memory_fail(uint64_t seed, unsigned ppm);

uint64_t memory_failed(void);

#endif

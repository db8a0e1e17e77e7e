#include "tests/simulation/kernel/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/world.h"
#include "tests/simulation/kernel/wrapped.h"

static struct {
	uint64_t stream;
	unsigned ppm;
	uint64_t failed;
} memory;

static void *memory_checked(void *p)
{
	if (!p) {
		fputs("sim: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *memory_get(size_t size)
{
	return memory_checked(__real_calloc(1, size));
}

void *memory_more(void *p, size_t size)
{
	return memory_checked(__real_realloc(p, size));
}

void memory_free(void *p)
{
	free(p);
}

void memory_fail(uint64_t seed, unsigned ppm)
{
	memory.stream = seed;
	memory.ppm = ppm;
}

uint64_t memory_failed(void)
{
	return memory.failed;
}

/* Of what the product does on its loop; its start has tests of its own. */
static bool memory_fails(void)
{
	if (!memory.ppm || !world_is_inside() || !chance_of(&memory.stream, memory.ppm))
		return false;
	memory.failed++;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return memory_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return memory_fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return memory_fails() ? NULL : __real_strdup(s);
}

void *__wrap_mem_zalloc(size_t size, mem_destroy_h *dh)
{
	return memory_fails() ? NULL : __real_mem_zalloc(size, dh);
}

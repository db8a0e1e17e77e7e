/*
 * libre's allocations that fail when a test says so: for programs that link with mem_wrap
 * (meson.build). What libre itself allocates within its own functions goes on.
 */
#ifndef TESTS_UNIT_SIPPROBE_FAILING_MEM_H
#define TESTS_UNIT_SIPPROBE_FAILING_MEM_H

#include <errno.h>

#include "sipprobe/loop/compat.h"

void *__real_mem_zalloc(size_t size, mem_destroy_h *dh);
void *__real_mem_realloc(void *data, size_t size);
int __real_hash_alloc(struct hash **hp, uint32_t bsize);
int __real_str_dup(char **dst, const char *src);
void *__wrap_mem_zalloc(size_t size, mem_destroy_h *dh);
void *__wrap_mem_realloc(void *data, size_t size);
int __wrap_hash_alloc(struct hash **hp, uint32_t bsize);
int __wrap_str_dup(char **dst, const char *src);

static long mem_countdown = -1; /* of allocations until one fails; below 0: none does */

static unsigned mem_asked; /* how often mem_zalloc() was called */

static bool mem_fails(void)
{
	return mem_countdown >= 0 && mem_countdown-- == 0;
}

void *__wrap_mem_zalloc(size_t size, mem_destroy_h *dh)
{
	mem_asked++;
	return mem_fails() ? NULL : __real_mem_zalloc(size, dh);
}

void *__wrap_mem_realloc(void *data, size_t size)
{
	return mem_fails() ? NULL : __real_mem_realloc(data, size);
}

int __wrap_hash_alloc(struct hash **hp, uint32_t bsize)
{
	return mem_fails() ? ENOMEM : __real_hash_alloc(hp, bsize);
}

int __wrap_str_dup(char **dst, const char *src)
{
	return mem_fails() ? ENOMEM : __real_str_dup(dst, src);
}

#endif

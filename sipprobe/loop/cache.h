/* The processor's cache: what is needed soon may be on its way there meanwhile. */
#ifndef SIPPROBE_LOOP_CACHE_H
#define SIPPROBE_LOOP_CACHE_H

#include <stddef.h>
#include <stdint.h>

enum { CACHE_LINE = 64 };

/*
 * Fetches each line of it. @p: may be anything, NULL as well; what is not there costs no
 * more
 */
static inline void cache_fetch(const void *p, size_t size)
{
	uintptr_t end = (uintptr_t)p + size;

	for (uintptr_t at = (uintptr_t)p / CACHE_LINE * CACHE_LINE; at < end;
	     at += CACHE_LINE)
		__builtin_prefetch((const void *)at);
}

#endif

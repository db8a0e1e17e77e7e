#include "sipprobe/loop/openssl_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static __thread unsigned failures;

/* None is asked for none, as without us. */
static void *openssl_malloc_h(size_t size, const char *file, int line)
{
	void *p = size ? malloc(size) : NULL;

	(void)file;
	(void)line;
	failures += size && !p;
	return p;
}

static void *openssl_realloc_h(void *p, size_t size, const char *file, int line)
{
	void *q;

	if (!p)
		return openssl_malloc_h(size, file, line);
	if (!size) {
		free(p);
		return NULL;
	}
	q = realloc(p, size);
	failures += !q;
	return q;
}

static void openssl_free_h(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

void openssl_memory_watch(void)
{
	(void)CRYPTO_set_mem_functions(openssl_malloc_h, openssl_realloc_h,
				       openssl_free_h);
}

unsigned openssl_memory_failures(void)
{
	return failures;
}

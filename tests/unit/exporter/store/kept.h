/* Texts that tests keep in files. */
#ifndef TESTS_UNIT_EXPORTER_STORE_KEPT_H
#define TESTS_UNIT_EXPORTER_STORE_KEPT_H

#include <stdlib.h>

#include "tests/unit/tap.h"

/* Reads as much of a file as fits. Returns its length; 0 when it cannot be read. */
static inline size_t kept_read(void *buf, size_t size, const char *path)
{
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(buf, 1, size, f) : 0;

	if (f)
		fclose(f);
	return len;
}

/* Compares a text with a file. With BLESS in the environment it is put there. */
static inline void is_kept(const char *text, const char *path, const char *name)
{
	static char want[65536];
	FILE *f = getenv("BLESS") ? fopen(path, "we") : NULL;

	if (f) {
		fputs(text, f);
		fclose(f);
	}
	want[kept_read(want, sizeof(want) - 1, path)] = '\0';
	is_str(text, want, name);
}

#endif

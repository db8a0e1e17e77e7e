/* What a function writes to standard output and standard error, kept from the TAP. */
#ifndef TESTS_UNIT_CAPTURED_H
#define TESTS_UNIT_CAPTURED_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct captured {
	int was[2]; /* descriptors of where it went before */
	FILE *file[2];
	char text[2][65536];
};

static inline void captured_begin(struct captured *c)
{
	for (int i = 0; i < 2; i++) {
		fflush(i ? stderr : stdout);
		c->was[i] = dup(i + 1);
		c->file[i] = tmpfile();
		if (c->was[i] < 0 || !c->file[i] || dup2(fileno(c->file[i]), i + 1) < 0)
			exit(1);
	}
}

/* Afterwards text[0] holds what went to standard output, text[1] to standard error. */
static inline void captured_end(struct captured *c)
{
	for (int i = 0; i < 2; i++) {
		size_t len;

		fflush(i ? stderr : stdout);
		rewind(c->file[i]);
		len = fread(c->text[i], 1, sizeof(c->text[i]) - 1, c->file[i]);
		c->text[i][len] = '\0';
		dup2(c->was[i], i + 1);
		close(c->was[i]);
		fclose(c->file[i]);
	}
}

#endif

/* Files: those that are in memory here, and nothing else. */
#ifndef TESTS_SIMULATION_KERNEL_FILES_H
#define TESTS_SIMULATION_KERNEL_FILES_H

#include <stddef.h>
#include <stdint.h>

enum { FILES_PATH = 40 };

struct file {
	struct file *next;
	int fd;
	size_t size;
	int64_t written_ns; /* by the world's clock */
	char path[FILES_PATH];
};

/* Makes an empty one, with a path that OpenSSL can open too. Stays where it is. */
void files_make(struct file *f, const char *name);

/* Replaces what it holds. */
void files_write(struct file *f, const void *p, size_t size);

#endif

/* What a program has open. */
#ifndef TESTS_UNIT_DESCRIPTORS_H
#define TESTS_UNIT_DESCRIPTORS_H

#include <fcntl.h>

enum { DESCRIPTORS_MAX = 1024 };

/* How many descriptors are open. */
static inline int descriptors_open(void)
{
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* How many of them another program would find open that is begun by this one. */
static inline int descriptors_inherited(void)
{
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
		int flags = fcntl(fd, F_GETFD);

		count += flags >= 0 && !(flags & FD_CLOEXEC);
	}
	return count;
}

#endif

/* Descriptors: a number each, the lowest free first, and what is behind it. */
#ifndef TESTS_SIMULATION_KERNEL_FDS_H
#define TESTS_SIMULATION_KERNEL_FDS_H

#include <stdbool.h>
#include <stdint.h>

/* What is behind a descriptor. */
struct fd_kind {
	int (*ready)(void *thing); /* FD_READ, FD_WRITE, FD_EXCEPT: what there is */
	void (*close)(void *thing);
};

/* Returns a descriptor, or -1 with errno EMFILE. @thing is closed by its kind. */
int fds_open(const struct fd_kind *kind, void *thing);

/* What is behind it, if it is of that kind; else NULL with errno ENOTSOCK. */
void *fds_get(int fd, const struct fd_kind *kind);

/* There may be something new to tell of it. */
void fds_touch(int fd);

/* What the loop woke up for, as it was then; and that is told of to its owner now. */
int fds_take(int fd);
void fds_turn(int fd, int flags);

/* What of @wants there is, whoever waits for it. */
int fds_look(int fd, int wants);

/* The product's other thread (threads.h) looks at it; it waits for it as well. */
void fds_list(int fd);
void fds_wait(int fd);

/* From now on none is left, or there are again. */
void fds_exhaust(bool none);

unsigned fds_count(void);

#endif

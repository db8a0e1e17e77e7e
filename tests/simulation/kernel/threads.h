/*
 * The product's other thread, in which calls talk: its epoll, and the descriptors that
 * the two wake each other by. Here it is no thread. Between two waits it has nothing on
 * its stack, so each of its turns begins at its function anew and is left where it would
 * wait.
 */
#ifndef TESTS_SIMULATION_KERNEL_THREADS_H
#define TESTS_SIMULATION_KERNEL_THREADS_H

#include <stdint.h>

void threads_begin(uint64_t seed);

/* There may be something for it: it has its turn a moment later. */
void threads_wake(void);

/* A descriptor that it waits for is closed. */
void threads_forget(int fd);

#endif

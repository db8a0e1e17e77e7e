/* Threads beside the main one. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/* Starts @run in a thread that takes no signal: they are the main thread's. Returns 0 or
 * errno. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif

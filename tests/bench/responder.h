/* A UDP peer in a process of its own that answers every request with 200, and fast. */
#ifndef TESTS_BENCH_RESPONDER_H
#define TESTS_BENCH_RESPONDER_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Forks it. It listens on all of 127.0.0.0/8 and answers from the address that was asked.
 *
 * Returns its port in @port and its process, to be ended with SIGKILL; -1 on failure.
 */
pid_t responder_start(uint16_t *port);

#endif

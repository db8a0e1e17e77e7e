/*
 * What Prometheus would see: scrapes as text, in a file, with what was told of states
 * between them. scripts/mails has the rules of alerts/ evaluated over it.
 */
#ifndef TESTS_SIMULATION_EXPOSE_H
#define TESTS_SIMULATION_EXPOSE_H

#include <stdint.h>

struct peer;
struct trunk;

/* Writes to that file from now on. Ends the program where it cannot. */
void expose_begin(const char *path, int64_t every_ns);

/* A trunk's state is told. */
void expose_state(const struct trunk *t, const char *state);

/* The verdict of a call to a peer is told. @failure: NULL: it succeeded */
void expose_call(const struct peer *p, const char *failure);

void expose_end(void);

#endif

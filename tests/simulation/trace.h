/* What happened to each trunk: its last lines, kept for a failure to show. */
#ifndef TESTS_SIMULATION_TRACE_H
#define TESTS_SIMULATION_TRACE_H

#include <stdint.h>

struct trunk;

enum { TRACE_LINES = 40 };

/* Lines of this trunk are printed as they come; -1: none are. */
void trace_follow(int number);

/*
 * "WHAT A B N". Texts are kept as they are, so only static ones.
 *
 * @t: NULL: it happens to all
 */
void trace(const struct trunk *t, const char *what, const char *a, const char *b,
	   int64_t n);

/* Time since the begin, "3d 04:05:06.789000". In a buffer of its own few. */
const char *trace_when(int64_t ns);

void trace_print(const struct trunk *t);

#endif

/* One run, as the command line says. */
#ifndef TESTS_SIMULATION_SIM_H
#define TESTS_SIMULATION_SIM_H

#include <stdint.h>

/* How often what was exercised. */
struct sim_counts {
	uint64_t stalls, steps, reloads, names, outages, unsent, exhausted, crashes;
};

extern struct sim_counts sim_counts;

/* Runs the fleet that is set, from the first second to the end. */
void sim_run(void);

/* The command that replays it. @trace: the trunk to follow; -1: none */
void sim_print_command(int trace);

#endif

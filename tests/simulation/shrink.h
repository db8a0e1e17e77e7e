/* Makes what breaks a rule small: fewer faults, fewer trunks, less time. */
#ifndef TESTS_SIMULATION_SHRINK_H
#define TESTS_SIMULATION_SHRINK_H

/* Runs what is set, and less and less of it. @hours: of the run. Returns an exit code. */
int shrink_run(double *hours);

#endif

/* Whether memory and descriptors stay what they are, over months. */
#ifndef TESTS_SIMULATION_STEADY_H
#define TESTS_SIMULATION_STEADY_H

/* Looks once a day. */
void steady_begin(void);

/* Prints slopes, and judges them. */
void steady_end(void);

#endif

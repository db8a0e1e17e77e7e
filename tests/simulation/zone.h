/* DNS, in the place of libunbound: names of trunks, and what they have at the time. */
#ifndef TESTS_SIMULATION_ZONE_H
#define TESTS_SIMULATION_ZONE_H

#include <stdint.h>

void zone_begin(uint64_t seed);

#endif

/* The other side: peers that answer, as they are minded at the time. */
#ifndef TESTS_SIMULATION_PEERS_H
#define TESTS_SIMULATION_PEERS_H

#include "tests/simulation/net.h"

enum { PEERS_RETRY_AFTER_S = 20 };

/* A request came. Takes @p over. */
void peers_hear(struct packet *p);

#endif

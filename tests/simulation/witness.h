/*
 * What happens, on the wire and by the product's word: both are noted here, and shown to
 * the judges.
 */
#ifndef TESTS_SIMULATION_WITNESS_H
#define TESTS_SIMULATION_WITNESS_H

#include <stdbool.h>

#include "sipprobe/engine.h"
#include "tests/simulation/net.h"

/* A request leaves, or would not. An answer, an ICMP error lies in the socket. */
void witness_sent(const struct packet *p, bool left);
void witness_arrived(const struct packet *p);
void witness_refused(const struct packet *p);

/* A connection with that peer fails or is closed. */
void witness_broken(const struct peer *peer);

/* A peer shows its certificate. */
void witness_shown(const struct peer *peer);

/* The request of its probe that was sent last. */
struct asked *witness_last(struct cell *c);

/* For engine_alloc(): tells the exporter's listener first; @arg is the store. */
extern const struct engine_events witness_events;

/* A new configuration is in force. */
void witness_applied(void);

/* The process is a new one. */
void witness_restarted(void);

/* What was exercised, for the end of a run. */
struct witness_counts {
	uint64_t probes, answered, failed, changes, downs, late, stalled, held, twice,
		refused, challenged, heirs, copies, called;
};

extern struct witness_counts witness_counts;

#endif

/* What goes wrong, and when: all by the seed. */
#ifndef TESTS_SIMULATION_FAULTS_H
#define TESTS_SIMULATION_FAULTS_H

#include <stdbool.h>

enum fault {
	FAULT_STALL,   /* the process stands still */
	FAULT_STEP,    /* the wall clock is set */
	FAULT_DNS,     /* names change and fail */
	FAULT_RELOAD,  /* trunks change, come, go and are paused */
	FAULT_LISTEN,  /* listeners come and go */
	FAULT_LOSS,    /* wires lose and delay */
	FAULT_TWICE,   /* … and double */
	FAULT_GARBLE,  /* … and garble */
	FAULT_OUTAGE,  /* peers fall silent */
	FAULT_ICMP,    /* … or refuse */
	FAULT_BUSY,    /* … or are busy */
	FAULT_BINDING, /* trunks that register, and that have credentials */
	FAULT_TCP,     /* trunks over TCP */
	FAULT_TLS,     /* some of them over TLS, with certificates that end */
	FAULT_SRV,     /* names that lead on by SRV and NAPTR */
	FAULT_INBOUND, /* requests of peers and strangers */
	FAULT_CALLS,   /* trunks that call, and phones that answer */
	FAULT_BARRED,  /* … and for a while refuse every call, and nothing else */
	FAULT_UNSENT,  /* the machine does not send: only where it is asked for */
	FAULT_FDS,     /* no descriptor is left: the same */
	FAULT_MEMORY,  /* allocations fail: the same */
	FAULT_CRASH,   /* the process dies and begins anew: the same */
	FAULTS,
};

#define FAULTS_ORDINARY ((1U << FAULT_UNSENT) - 1)
#define FAULTS_ALL	((1U << FAULTS) - 1)

bool faults_has(enum fault f);
const char *faults_name(enum fault f);

/* Bits of names with commas. Returns false for a name that is none. */
bool faults_parse(unsigned *bits, const char *text);

void faults_print(unsigned bits);

/* Has them happen from now on. */
void faults_begin(void);

#endif

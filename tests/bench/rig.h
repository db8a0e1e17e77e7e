/* An engine over many trunks against a responder, for benches of its results. */
#ifndef TESTS_BENCH_RIG_H
#define TESTS_BENCH_RIG_H

#include <netinet/in.h>

#include "sipprobe/engine.h"

struct rig {
	unsigned targets;
	uint16_t port;	      /* of the responder */
	const char *interval; /* as in the configuration */
	const char *timeout;
	const char *transport; /* "tcp", "tls"; NULL: UDP */
	const char *settings; /* of all trunks, further members: ",\"tls\":{}"; or NULL */
	void (*done_h)(const struct probe_result *r, void *arg); /* or NULL */
	void *arg;
	/* Filled in by rig_run(), for the counted time. */
	uint64_t done;
	uint64_t answered;
	uint64_t retransmissions;
	double cpu_s;
};

/* Where the responder is asked for target @i: an address of its own in 127.0.0.0/8. */
struct sockaddr_in rig_target(unsigned i, uint16_t port);

/* CPU time of this process. */
double rig_cpu_s(void);

/* Runs @warm_s seconds uncounted, then @seconds. Ends the process when it cannot. */
void rig_run(struct rig *rig, unsigned warm_s, unsigned seconds);

#endif

/* An engine over many trunks against a responder, for benches of its results. */
#ifndef TESTS_BENCH_RIG_H
#define TESTS_BENCH_RIG_H

#include <netinet/in.h>

#include "sipprobe/engine.h"

/* An OPTIONS of the engine's size, for loops that send one and look into none. */
#define RIG_REQUEST                                                                      \
	"OPTIONS sip:127.1.10.10:50600 SIP/2.0\r\n"                                      \
	"Via: SIP/2.0/UDP "                                                              \
	"127.0.0.1:50601;branch=z9hG4bK0000002a0123456789abcdef;rport\r\n"               \
	"Max-Forwards: 70\r\n"                                                           \
	"From: <sip:ping@127.0.0.1:50601>;tag=0123456789abcdef\r\n"                      \
	"To: <sip:127.1.10.10:50600>\r\n"                                                \
	"Call-ID: 0123456789abcdef0123456789abcdef\r\n"                                  \
	"CSeq: 1 OPTIONS\r\n"                                                            \
	"Contact: <sip:ping@127.0.0.1:50601>\r\n"                                        \
	"Accept: application/sdp\r\n"                                                    \
	"User-Agent: siptrunk_exporter/0.1.0\r\n"                                        \
	"Content-Length: 0\r\n\r\n"

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

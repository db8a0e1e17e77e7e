/*
 * What all targets and trunks of an engine work with: time, sockets, and the numbers that
 * answers find their target by. The engine makes it, and keeps it until the last is gone.
 */
#ifndef SIPPROBE_TARGET_SERVICES_H
#define SIPPROBE_TARGET_SERVICES_H

#include "sipprobe/loop/schedule.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/transport/arrivals.h"

struct fingerprint_table;

struct services {
	char agent[64]; /* User-Agent and Server: "siptrunk_exporter/1.2.3" */
	/* Who we are over WebSocket: a name that leads nowhere, as nobody can call there.
	 */
	char nowhere[32];
	struct ticker *ticker;
	struct schedule schedule;
	struct registry *registry;
	struct sockets *sockets;
	struct calls *calls;
	/* For what comes in on a connection that a target opened. */
	const struct arrivals *arrivals;
	void *arrivals_arg;
	uint64_t targets_stamp;	    /* moves whenever a target comes or goes; never 0 */
	unsigned inbound_sensitive; /* trunks that ask where, or how often, peers ping */
	unsigned answers_max;	    /* a second, to each trunk's requests; 0: no limit */
	struct fingerprint_table
		*fingerprints; /* what peers look like; NULL: nobody is looked at */
	struct list locals;    /* struct target_local, the latest first */
	unsigned mirrors;      /* rounds of questions under way, see target_mirror.c */
	bool closing;	       /* nobody may wait for anything any more */
};

#endif

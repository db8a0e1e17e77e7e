/*
 * What arrives on our sockets, UDP or accepted, finds its way from here: responses to the
 * target whose request they answer, requests to an answer if a trunk's peer sent them,
 * ICMP errors to the target whose request came back.
 */
#ifndef SIPPROBE_TRUNK_DEMUX_H
#define SIPPROBE_TRUNK_DEMUX_H

#include "sipprobe/target/services.h"

struct demux; /* mem_deref() */
struct peers;

/* Addresses, each with the struct target that probes it. */
struct demux_peers {
	struct peers *scheduled;
	struct peers *ondemand; /* these get no answer to requests of their own */
};

/*
 * @peers:  the sets themselves are referenced
 * @events: inbound_h and stray_h of it, with @arg; kept by the caller, as are @services
 *
 * Returns 0, ENOMEM, or EIO without random bytes.
 */
int demux_alloc(struct demux **dp, struct services *services,
		const struct demux_peers *peers, const struct engine_events *events,
		void *arg);

/* For sockets_alloc(), with the struct demux as argument. */
extern const struct arrivals demux_arrivals;

#endif

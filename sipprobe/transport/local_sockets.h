/*
 * The UDP sockets that trunks send from by a `local` of their own, one for each address
 * and port, opened when first needed: an address that is not there yet, or not any more,
 * is the fault of the trunks that want it and of nothing else.
 */
#ifndef SIPPROBE_TRANSPORT_LOCAL_SOCKETS_H
#define SIPPROBE_TRANSPORT_LOCAL_SOCKETS_H

#include "config/config.h"
#include "sipprobe/transport/udp.h"

struct local_sockets;

/* Freed with mem_deref(). @events, @arg: of all sockets. Returns 0 or ENOMEM. */
int local_sockets_alloc(struct local_sockets **lp, const struct udp_events *events,
			void *arg);

/* Turns a trunk's `local` into an address to bind. Returns 0; EAFNOSUPPORT; EINVAL. */
int local_sockets_address(struct sa *sa, const struct config_local *conf, int af);

/* Whether @bound, our end, is what a trunk with @conf sends from. */
bool local_sockets_fits(const struct config_local *conf, const struct sa *bound);

static inline bool local_sockets_wanted(const struct config_local *conf)
{
	return conf->address || conf->port;
}

/*
 * The socket for an address, opened where needed.
 *
 * @up: a borrowed reference, good until a local_sockets_sweep() that it was not marked
 * for
 *
 * Returns 0 or errno of socket() or bind().
 */
int local_sockets_get(struct local_sockets *l, struct udp **up, const struct sa *wanted);

/* The same if it is open, or NULL. */
struct udp *local_sockets_find(const struct local_sockets *l, const struct sa *wanted);

/* After a change of configuration: what is still wanted, then away with the rest. */
void local_sockets_mark(struct local_sockets *l, const struct config_local *conf);
void local_sockets_sweep(struct local_sockets *l);

#endif

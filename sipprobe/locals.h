/*
 * The UDP sockets that trunks send from by a `local` of their own, one for each address
 * and port, opened when first needed: an address that is not there yet, or not any more,
 * is the fault of the trunks that want it and of nothing else.
 */
#ifndef SIPPROBE_LOCALS_H
#define SIPPROBE_LOCALS_H

#include "config/config.h"
#include "sipprobe/udp.h"

struct locals;

/* Freed with mem_deref(). @events, @arg: of all sockets. Returns 0 or ENOMEM. */
int locals_alloc(struct locals **lp, const struct udp_events *events, void *arg);

/* What a trunk sends from as an address to bind. Returns 0; EAFNOSUPPORT; EINVAL. */
int locals_address(struct sa *sa, const struct config_local *conf, int af);

/* Whether @bound, our end, is what a trunk with @conf sends from. */
bool locals_fits(const struct config_local *conf, const struct sa *bound);

static inline bool locals_wanted(const struct config_local *conf)
{
	return conf->address || conf->port;
}

/*
 * The socket for an address, opened where needed.
 *
 * @up: a borrowed reference, good until a locals_sweep() that it was not marked for
 *
 * Returns 0 or errno of socket() or bind().
 */
int locals_get(struct locals *l, struct udp **up, const struct sa *wanted);

/* The same if it is open, or NULL. */
struct udp *locals_find(const struct locals *l, const struct sa *wanted);

/* After a change of configuration: what is still wanted, then away with the rest. */
void locals_mark(struct locals *l, const struct config_local *conf);
void locals_sweep(struct locals *l);

#endif

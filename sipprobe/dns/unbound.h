/* The set-up of libunbound: servers, hosts and what it must and must not do. */
#ifndef SIPPROBE_DNS_UNBOUND_H
#define SIPPROBE_DNS_UNBOUND_H

#include "sipprobe/dns/lookup.h"

struct ub_ctx;

/*
 * Makes a context that asks conf's servers or those of resolv.conf, and no others: no
 * recursion from the root, ever. A missing or empty resolv.conf means 127.0.0.1, as in
 * resolv.conf(5); lines in it and in the hosts file that make no sense are passed over.
 *
 * Returns 0, EINVAL for a server of conf's that is no address, ENOMEM, or EIO when
 * libunbound refuses a setting.
 */
int unbound_context(struct ub_ctx **ctxp, const struct config_dns *conf,
		    const struct lookup_system *sys);

#endif

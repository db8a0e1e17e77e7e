/* The addresses found so far: unique, in order, bounded; the same for any order of
 * answers. */
#ifndef SIPPROBE_DNS_ADDRESS_SET_H
#define SIPPROBE_DNS_ADDRESS_SET_H

#include "sipprobe/dns/resolve.h"

/* Zeroed means empty. */
struct address_set {
	struct resolve_address *v; /* mem_deref() by the owner */
	size_t count;
	size_t room;
};

/*
 * Adds an address where it belongs. One that is there already keeps the better
 * (lower) priority; past RESOLVE_ADDRESSES_MAX the last in order is given up.
 *
 * Returns 0 or ENOMEM.
 */
int address_set_add(struct address_set *set, const struct resolve_address *a);

#endif

/* The addresses found so far: unique, in order, bounded; the same for any order of
 * answers. */
#ifndef SIPPROBE_RESOLVE_SET_H
#define SIPPROBE_RESOLVE_SET_H

#include "sipprobe/resolve.h"

/* Zeroed means empty. */
struct resolve_set {
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
int resolve_set_add(struct resolve_set *set, const struct resolve_address *a);

/*
 * Takes an IP literal, an IPv6 one with or without brackets and with "%eth0" or "%2".
 *
 * Returns 0; EINVAL: not a literal; ENODEV: there is no such interface.
 */
int resolve_literal(struct sa *sa, const char *text, size_t len);

#endif

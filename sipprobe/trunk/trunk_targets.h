/* A trunk's targets: one for each of its addresses and checks. */
#ifndef SIPPROBE_TRUNK_TRUNK_TARGETS_H
#define SIPPROBE_TRUNK_TRUNK_TARGETS_H

#include "sipprobe/dns/resolve.h"

struct target;
struct trunk;

/*
 * Makes it have targets for just these addresses, a check each; those that stay keep
 * all they know.
 *
 * @resolve_ns: what the resolution took; -1: there was none
 *
 * Returns 0 or errno; on failure some may be missing.
 */
int trunk_set_addresses(struct trunk *t, const struct resolve_result *res,
			int64_t resolve_ns);
bool trunk_same_address(const struct target *target, const struct resolve_address *a);

#endif

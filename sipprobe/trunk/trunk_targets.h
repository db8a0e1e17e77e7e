/* A trunk's targets: one for each of its addresses and checks. */
#ifndef SIPPROBE_TRUNK_TRUNK_TARGETS_H
#define SIPPROBE_TRUNK_TRUNK_TARGETS_H

#include "sipprobe/dns/resolve.h"
#include "sipprobe/health.h"

struct target;
struct trunk;

/*
 * Makes it have targets for just these addresses, and those in use whose questions were
 * not answered, a check each; those that stay keep all they know, those that are new go
 * on with the trunk's state and counting.
 *
 * @first:      what the first addresses of a trunk go on from
 * @resolve_ns: what the resolution took; -1: there was none
 *
 * Returns 0 or errno; on failure some may be missing.
 */
int trunk_set_addresses(struct trunk *t, const struct resolve_result *res,
			struct health first, int64_t resolve_ns);

/*
 * Until when, monotonic, probes under way may last whose addresses are not among the new
 * ones: ended before, they would count for nothing. 0: there are none.
 */
int64_t trunk_busy_until_ns(const struct trunk *t, const struct resolve_result *res);

/* Another address is to be registered at: the state goes on with its target. */
void trunk_move_registration(struct trunk *t);

bool trunk_same_address(const struct target *target, const struct resolve_address *a);

#endif

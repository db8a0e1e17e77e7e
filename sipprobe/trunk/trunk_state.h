/* The state of a trunk: its addresses' states, summed up and told when they change. */
#ifndef SIPPROBE_TRUNK_TRUNK_STATE_H
#define SIPPROBE_TRUNK_TRUNK_STATE_H

#include <stdbool.h>

#include "sipprobe/probe.h"

struct target;
struct target_owner;
struct trunk;

/* Tells how many addresses there are. @always: tell also what was told before */
void trunk_tell_addresses(struct trunk *t, bool always);

/* Tells whether the peer's own pings stay out, where they are expected. */
void trunk_tell_inbound(const struct trunk *t);

/* Begins to expect them, anew where it did before; not while the trunk is paused. */
void trunk_expect_pings(struct trunk *t);

/*
 * Sums the state up and tells when it is another.
 *
 * @target, @last: what brought the change, or NULL; @inbound: the peer's pings did
 */
void trunk_update(struct trunk *t, const struct target *target,
		  const struct probe_result *last, bool inbound);

/* result_h of struct target_owner. */
void trunk_result_h(struct target_owner *o, const struct target *target,
		    const struct probe_result *last, bool changed);

#endif

/*
 * One probe of a target: the client transaction of RFC 3261 17.1.2 with a deadline of its
 * own: idle, trying, proceeding, and idle again with one result.
 */
#ifndef SIPPROBE_TARGET_TARGET_PROBE_H
#define SIPPROBE_TARGET_TARGET_PROBE_H

#include "sipprobe/loop/compat.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/probe.h"

struct target;

/*
 * Takes in what a datagram or a stream message, that passed the guard, answers. @src was
 * checked by the caller only as far as it knows: for UDP the target compares it.
 *
 * Returns false if it answers nothing of this target.
 */
bool target_response(struct target *t, const struct sa *src,
		     const struct guard_message *m, int64_t rx_ns);

/* An ICMP error for what the target sent. */
void target_icmp(struct target *t, int err);

/* Whether @branch is that of the request under way, e.g. in a returned datagram. */
bool target_owns_branch(const struct target *t, const struct pl *branch);

/* The peer sent bytes that are not SIP: silence until the deadline is PROBE_PROTOCOL. */
void target_garbage(struct target *t, const char *buf, size_t len, int64_t rx_ns);

/* UDP sockets came or went: the one to send from is to be chosen anew. */
void target_rebind(struct target *t);

/* Begins a probe now instead of at the next due time. Not while one is under way. */
void target_probe_now(struct target *t);

/* The rest is for target_*.c. */

/* Arms the timer for the next retransmission or the deadline, whichever is first. */
void target_wait(struct target *t);

/* Ends the probe under way without a final response. @detail may be NULL. */
void target_fail(struct target *t, enum probe_outcome outcome, int err,
		 const char *detail);

/* Begins a probe at that time; one that is under way is dropped, untold. */
void target_probe_at(struct target *t, int64_t at_ns);

#endif

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
struct udp;

/*
 * Bring a target into the cache, and what an answer to it makes us touch: the former
 * first. What seems to be one is read.
 */
void target_fetch(const struct target *t);
void target_fetch_parts(const struct target *t);

/*
 * Takes in what a datagram or a stream message, that passed the guard, answers. @src was
 * checked by the caller only as far as it knows: for UDP the target compares it.
 *
 * Returns false if it answers nothing of this target.
 */
bool target_response(struct target *t, const struct sa *src,
		     const struct guard_message *m, int64_t rx_ns);

/*
 * The same of a datagram that target_response() did not take: an answer that came from
 * another address or port than the request went to. It is told and noted, and taken where
 * answers_from allows it and it came to the socket the request left from. @u: that socket
 *
 * Returns false if it answers nothing of this target.
 */
bool target_misdirected(struct target *t, const struct udp *u, const struct sa *src,
			const struct guard_message *m, int64_t rx_ns);

/* An ICMP error for what the target sent. */
void target_icmp(struct target *t, int err);

/* Whether @branch is that of the request under way, e.g. in a returned datagram. */
bool target_owns_branch(const struct target *t, const struct pl *branch);

/* A datagram of the peer's that the guard refused. */
struct target_garbage {
	struct pl bytes;
	const char *why; /* static */
	int64_t rx_ns;
};

/*
 * The peer sent what cannot be read: silence until the deadline is PROBE_PROTOCOL, with
 * EBADMSG where it meant to be an answer, and EPROTO where it is not SIP.
 */
void target_garbage(struct target *t, const struct target_garbage *garbage);

/* UDP sockets came or went: the one to send from is to be chosen anew. */
void target_rebind(struct target *t);

/* Begins a probe now instead of at the next due time. Not while one is under way. */
void target_probe_now(struct target *t);

/* Ends the probe under way, if there is one, as if its deadline had come. */
void target_expire(struct target *t);

/* The rest is for target_*.c. */

/* Sets t->surveyed where the trunk's settings want it. Returns 0 or ENOMEM. */
int target_survey_alloc(struct target *t);

/* A probe ended: it may be time for more questions. */
void target_survey_probed(struct target *t, const struct probe_result *r);

/* Arms the timer for the next retransmission or the deadline, whichever is first. */
void target_wait(struct target *t);

/* Takes a response to one of the target's requests, wherever it came from. */
bool target_response_take(struct target *t, const struct guard_message *m, int64_t rx_ns);

/* The probe under way ends with the final response @m. */
void target_succeed(struct target *t, const struct guard_message *m, int64_t rx_ns);

/* It ends with our credentials refused by @m. @detail: why, for people */
void target_refuse(struct target *t, const struct guard_message *m, const char *detail);

/* It ends without a final response. @detail may be NULL. */
void target_fail(struct target *t, enum probe_outcome outcome, int err,
		 const char *detail);

/* The same, at its deadline. */
void target_time_out(struct target *t);

/* The same, since a request could not be sent. */
void target_unsent(struct target *t, int err);

/* Begins a probe at that time; one that is under way is dropped, untold. */
void target_probe_at(struct target *t, int64_t at_ns);

#endif

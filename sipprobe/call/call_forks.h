/* What each fork of a call answered before the call was answered (RFC 3261 13.2.2.4). */
#ifndef SIPPROBE_CALL_CALL_FORKS_H
#define SIPPROBE_CALL_CALL_FORKS_H

#include "sipprobe/message/guard.h"

struct call_fork;

/* Zeroed is one of none. */
struct call_forks {
	struct list list;
	const struct call_fork *heard; /* whose answer came last; NULL: nobody's */
};

/*
 * The SDP of a response to our INVITE that is to be followed: its own; or, of a 2xx
 * without one, what the same fork said before (RFC 3262 5), where another's is followed
 * now. Of eight forks at most.
 *
 * Returns it, valid until the next call; l is 0: what is followed goes on.
 */
struct pl call_forks_sdp(struct call_forks *f, const struct guard_message *m);

void call_forks_clear(struct call_forks *f);

#endif

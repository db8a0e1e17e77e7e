/*
 * The way back from the called end of a loop: the UDP socket or the connection that its
 * INVITE came by. Answers go back on it (RFC 3261 18.2.2), and its own requests as well.
 */
#ifndef SIPPROBE_CALL_CALL_BACK_H
#define SIPPROBE_CALL_CALL_BACK_H

#include "sipprobe/call/calls.h"
#include "sipprobe/transport/stream.h"

struct call_back {
	enum config_transport transport;
	struct udp *udp; /* referenced; or NULL */
	struct stream_loan loan;
	struct sa src, local; /* the peer's end, and ours as it sees it */
	struct sa dst;	      /* where answers to the INVITE go */
};

/* @back: zeroed; it must not move, and is given up with call_back_close(). */
void call_back_open(struct call_back *back, const struct guard_message *invite,
		    const struct call_arrival *at);
void call_back_close(struct call_back *back);

/* Whether messages can still go that way: a connection may be gone. */
bool call_back_stands(const struct call_back *back);

/* @dst: where to by UDP. Returns 0 or errno; ENOTCONN where it does not stand. */
int call_back_send(struct call_back *back, const struct sa *dst, const struct mbuf *mb);

#endif

/* What comes back for a call's requests. */
#ifndef SIPPROBE_CALL_CALL_RECEIVE_H
#define SIPPROBE_CALL_CALL_RECEIVE_H

#include "sipprobe/call/call_private.h"

/*
 * Takes a response with the call's Call-ID.
 *
 * Returns false if it answers nothing of it.
 */
bool call_receive(struct call *c, const struct guard_message *m, int64_t rx_ns);

/* ICMP said of a request with that branch that it did not arrive. */
bool call_receive_icmp(struct call *c, const struct pl *branch, int err);

#endif

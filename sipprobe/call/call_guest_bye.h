/* How the called end of a loop hangs up where the other end does not. */
#ifndef SIPPROBE_CALL_CALL_GUEST_BYE_H
#define SIPPROBE_CALL_CALL_GUEST_BYE_H

#include "sipprobe/call/call_private.h"

/*
 * Sends the BYE, or once more what may be lost: by the way that the INVITE came, or where
 * that connection is gone, by the caller's own.
 */
void call_guest_bye(struct call *c, int64_t now_ns);

/* Whether the caller's own way leads to who sent the INVITE, over the same transport. */
bool call_guest_own_way_fits(const struct call *c);

#endif

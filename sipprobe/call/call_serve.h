/* What the peer asks within a call (RFC 3261 12.2.2). */
#ifndef SIPPROBE_CALL_CALL_SERVE_H
#define SIPPROBE_CALL_CALL_SERVE_H

#include "sipprobe/call/call_private.h"
#include "sipprobe/message/answer.h"

/* What to answer: texts are valid until the next call. */
struct call_serving {
	unsigned code; /* 0: nothing (ACK) */
	struct answer_dialog dialog;
};

/*
 * Takes a request of the peer's. BYE ends the call; a re-INVITE and an UPDATE may move
 * its audio; REFER is declined: no number that a peer names is ever called.
 *
 * Returns false if it belongs to none of the call's dialogs.
 */
bool call_serve(struct call *c, const struct guard_message *m, int64_t rx_ns,
		struct call_serving *out);

#endif

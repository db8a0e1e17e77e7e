/*
 * The called end of a loop: our own answer to the INVITE that comes back to us. It is
 * answered at once, hears the other end and says a nonce of its own (RFC
 * 3261 13.3, 17.2).
 */
#ifndef SIPPROBE_CALL_CALL_GUEST_H
#define SIPPROBE_CALL_CALL_GUEST_H

#include "sipprobe/call/call_private.h"
#include "sipprobe/message/answer.h"

struct call_arrival;

/* How long the other end's BYE may take to come round, before we hang up there too. */
enum { CALL_GUEST_PATIENCE_S = 2 };

/*
 * Answers the INVITE that a call of ours has become.
 *
 * Returns whether it was taken; then the call has a guest.
 */
bool call_guest_welcome(struct call *c, const struct guard_message *invite,
			const struct call_arrival *at);

/* Whether an INVITE is the one that was answered, once more; it is answered again. */
bool call_guest_again(struct call *c, const struct guard_message *invite,
		      const struct call_arrival *at);

/* Whether a message is of the guest's dialog by its Call-ID and tags. */
bool call_guest_serve(struct call *c, const struct guard_message *m, int64_t rx_ns,
		      unsigned *code, struct answer_dialog *dialog);
bool call_guest_receive(struct call *c, const struct guard_message *m);

/* The call ends: says no more, and hangs up itself where the other end does not. */
void call_guest_leave(struct call *c);

/* Looks at its clocks; and when to do so next, INT64_MAX: never. */
void call_guest_look(struct call *c, int64_t now_ns);
int64_t call_guest_next_ns(const struct call *c);

/* What it heard, NULL: nothing yet; and whether that is still to come. */
const struct media_report *call_guest_report(const struct call *c);
bool call_guest_is_heard(const struct call *c);

void call_guest_free(struct call_guest *g);

#endif

/* The requests of a call: made, sent, and sent again. */
#ifndef SIPPROBE_CALL_CALL_SEND_H
#define SIPPROBE_CALL_CALL_SEND_H

#include "sipprobe/call/call_private.h"

/* Makes the INVITE, the first or the next with what a challenge asked for. 0 or errno */
int call_send_invite(struct call *c);

/* The same bytes once more. */
void call_send_invite_again(struct call *c);

/* Each returns 0 or errno: then it did not leave, and over UDP another copy may. */
int call_send_cancel(struct call *c);
int call_send_ack_reject(struct call *c, const struct guard_message *response);
int call_send_prack(struct call *c, uint32_t rseq);
int call_send_ack(struct call *c, struct call_line *line);
int call_send_bye(struct call *c, struct call_line *line);

/*
 * BYE once more. Where a reload has closed the socket that it left from, some answer to
 * the port that nobody has any more, and to each copy again. After half of Timer F then,
 * once, it is another request (RFC 3261 8.1.1.5, 8.1.1.7); and so it is where the last
 * was refused for the moment, for which its time does not begin anew.
 */
void call_send_bye_again(struct call *c, struct call_line *line);

/* What a Via says of the way that a request takes. */
struct call_print_way {
	const char *transport; /* "UDP" */
	const struct sa *local;
};

/*
 * Prints a BYE of the called end of a loop, with a branch and a number of its own, in
 * place of the last one.
 *
 * @invite: that was answered, as it came
 *
 * Returns 0 or errno; then what was there is gone.
 */
int call_print_bye(struct call_request *r, const struct call *c, const struct dialog *d,
		   const struct mbuf *invite, const struct call_print_way *way);

/* Sends a request's bytes once more. @hop: NULL: to the peer */
void call_send_again(struct call *c, const struct sa *hop, struct call_request *r);

/* Whether a response answers that request. */
bool call_request_answered(const struct call_request *r, const struct guard_message *m);

/*
 * Whether a final response to a BYE says that the call is over: 2xx; 481, there is no
 * such dialog; 487, another BYE ended it meanwhile (RFC 3261 15.1.2).
 */
bool call_bye_ends(unsigned code);

/* Tells who listens of a message, or with @len 0 of words. */
void call_note(const struct call *c, enum ladder_kind kind, int64_t at_ns,
	       const char *text, size_t len);

#endif

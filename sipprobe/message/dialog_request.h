/*
 * Requests that follow an INVITE, whole: those of its own transaction, CANCEL and the ACK
 * to a refusal, which repeat its parts, and those within a dialog.
 */
#ifndef SIPPROBE_MESSAGE_DIALOG_REQUEST_H
#define SIPPROBE_MESSAGE_DIALOG_REQUEST_H

#include "sipprobe/message/dialog.h"

/* CANCEL of an INVITE as it was sent (RFC 3261 9.1). Returns 0 or ENOMEM. */
int dialog_print_cancel(struct mbuf *mb, const struct guard_message *invite);

/* The ACK to a final response other than 2xx (17.1.1.3). Returns 0 or ENOMEM. */
int dialog_print_ack(struct mbuf *mb, const struct guard_message *invite,
		     const struct guard_message *response);

/* What a request within a dialog is made from, besides the dialog. */
struct dialog_request {
	const char *method;
	const char *transport; /* of Via: "UDP" */
	const struct sa *local;
	const char *branch; /* with its cookie */
	const struct pl *call_id;
	uint32_t cseq;
	unsigned max_forwards;
	const char *agent;
	const char *fields; /* more header fields, with their line ends; or "" */
};

/*
 * A request within a dialog (12.2.1.1), ACK to 2xx and PRACK among them. Without a body.
 * Where the first route is strict, the request goes to that, and the peer's target is
 * the last Route.
 *
 * Returns 0 or ENOMEM.
 */
int dialog_print_request(struct mbuf *mb, const struct dialog *d,
			 const struct dialog_request *r);

#endif

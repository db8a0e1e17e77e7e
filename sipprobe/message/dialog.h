/*
 * A dialog that a response made (RFC 3261 12.1.2): what requests within it are made from.
 * Everything a peer says is bounded and copied; what makes no sense is left out, as a
 * dialog that cannot be ended is worse than one that is ended by the shorter way.
 */
#ifndef SIPPROBE_MESSAGE_DIALOG_H
#define SIPPROBE_MESSAGE_DIALOG_H

#include "config/config.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/message/guard.h"

enum {
	DIALOG_ROUTES_MAX = 16,	    /* more are as if there were none */
	DIALOG_VALUE_MAX = 1024,    /* bytes of a URI, or of To or From with its tag */
	DIALOG_ROUTES_BYTES = 8192, /* of the Route fields together */
};

struct dialog {
	char *target; /* URI of the peer's Contact: the Request-URI; never NULL */
	char *routes; /* Route fields with their line ends, or "" */
	char *local;  /* value of From in our requests, with its tag */
	char *remote; /* value of To */
	struct pl local_tag, remote_tag; /* within these; remote's p NULL: none */
};

/*
 * Reads the dialog that a response to our INVITE made, as its caller.
 *
 * @invite: our own, as it was sent; its Request-URI is called where the response has no
 *          Contact that can be
 *
 * Returns 0, ENOMEM, or EBADMSG where From or To are too long to be answered. Freed with
 * mem_deref().
 */
int dialog_read_response(struct dialog **dp, const struct guard_message *invite,
			 const struct guard_message *response);

/*
 * The same of an INVITE that was answered, as who is called.
 *
 * @tag: ours, of the answer's To
 */
int dialog_read_invite(struct dialog **dp, const struct guard_message *invite,
		       const char *tag);

/*
 * Where requests within it go (RFC 3261 12.2.1.1, 8.1.2), as far as it takes no DNS to
 * know: the address in the first Route, else in the peer's target.
 *
 * @transport: that it must be reached by; never NONE
 *
 * Returns false, untouched, where that is a name or another transport.
 */
bool dialog_next_hop(struct sa *hop, const struct dialog *d,
		     enum config_transport transport);

/* Takes over the Contact of a later message, the peer's new target (12.2.1.2). */
int dialog_refresh(struct dialog *d, const struct guard_message *m);

/* Whether a request from the peer is within it, by its tags; the Call-ID is compared by
 * the caller. */
bool dialog_has(const struct dialog *d, const struct guard_message *req);

/* The number of a response that wants a PRACK (RFC 3262 3): RSeq; 0: it wants none. */
uint32_t dialog_rseq(const struct guard_message *m);

/* Whether a field that lists tokens has @token: "Require", "Supported". */
bool dialog_lists(const struct guard_message *m, const char *field, char compact,
		  const char *token);

/* Seconds of Session-Expires or Min-SE (RFC 4028 4, 5); 0: not there, or no number. */
uint32_t dialog_session_expires_s(const struct guard_message *m);
uint32_t dialog_min_se_s(const struct guard_message *m);

/* The body, or its part, that is SDP by its Content-Type; l is 0 without. */
struct pl dialog_sdp(const struct guard_message *m);

#endif

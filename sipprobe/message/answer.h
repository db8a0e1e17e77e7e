/*
 * The response to a request that a peer sends us, made from the request alone (RFC 3261
 * 8.2.7: a stateless UAS). A retransmitted request gets the same response again.
 *
 * Whoever calls has found the sender among the configured peers. Strangers get no answer:
 * they could be anyone whose address was forged, and our answer is longer than a request
 * has to be.
 */
#ifndef SIPPROBE_MESSAGE_ANSWER_H
#define SIPPROBE_MESSAGE_ANSWER_H

#include "base/siphash.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/message/guard.h"

enum {
	ANSWER_MAX =
		GUARD_MESSAGE_MAX + 4096, /* bytes that are always enough for a buffer */
	ANSWER_GAIN_MAX = 4,		  /* an answer is shorter than so many requests */
};

/* What an answer within a dialog, or one that makes a dialog, says besides. */
struct answer_dialog {
	const char *fields; /* more header fields, with their line ends; or "" */
	const char *body;   /* SDP, or NULL */
	const char *tag;    /* To tag where the request has none */
	bool makes;	    /* a dialog: Record-Route is copied (RFC 3261 12.1.1) */
};

struct answer_info {
	unsigned code;		/* of answer_code(), or any with @dialog */
	const struct sa *src;	/* where the request came from */
	const char *contact;	/* URI for Contact of a 200, or NULL */
	const char *agent;	/* for Server and User-Agent: "siptrunk_exporter/0.1.0" */
	struct siphash_key tag; /* secret; To tags come of it, so keep it while we run */
	const struct answer_dialog *dialog; /* NULL: neither of a dialog */
};

/*
 * How a request is answered.
 *
 * Returns req->fault_code to a request that is wrong; 200 to OPTIONS, with Max-Forwards 0
 * too since it has arrived (RFC 3261 11.2); 405 to other methods; 481 to CANCEL, as there
 * is nothing to cancel (9.2); 416 for a Request-URI neither SIP nor tel (8.2.2.1); 420
 * when an extension is required (8.2.2.3); 0, no answer, for ACK and for responses.
 */
unsigned answer_code(const struct guard_message *req);

/*
 * Writes the response. All Via values are copied in order; the topmost gets `received`
 * when its sent-by is not the address the request came from or when it asks for `rport`,
 * which is filled in (RFC 3261 18.2.1, RFC 3581 4). To gets a tag where it has none.
 * Record-Route is not copied but where the answer makes a dialog (RFC 3261 12.1.1). To a
 * faulty request, the reason phrase says what is wrong (21.4.1); what it lacks, the
 * response lacks too. Control bytes of values become spaces.
 *
 * A datagram's source may be forged: what an answer to a very short request need not say
 * is left out, so that nobody makes us send ANSWER_GAIN_MAX times what he sent.
 *
 * Returns 0 with *@len bytes in @buf, without a NUL; EINVAL for code 0; EMSGSIZE if @size
 * is too small.
 */
int answer_make(char *buf, size_t size, size_t *len, const struct guard_message *req,
		const struct answer_info *info);

/*
 * Where the response to a datagram goes (RFC 3261 18.2.2, RFC 3581 4): always to the
 * address it came from, to the port it came from if `rport` asks for that, else to
 * sent-by's port or 5060. `maddr` is ignored on purpose: it would let a datagram name
 * whom we send to. Over streams, responses go back on the connection.
 */
void answer_destination(struct sa *dst, const struct guard_message *req,
			const struct sa *src);

#endif

/*
 * A request's bytes, made once for a target and stamped anew for each transaction: a
 * probe costs a copy of 64 hexadecimal digits, not a print.
 */
#ifndef SIPPROBE_REQUEST_H
#define SIPPROBE_REQUEST_H

#include "config/config.h"
#include "sipprobe/compat.h"
#include "sipprobe/guard.h"

enum {
	REQUEST_KEY_LEN = 16,			      /* digits of the branch's secret */
	REQUEST_TAG_LEN = 16,			      /* digits of the From tag */
	REQUEST_CALL_ID_LEN = 32,		      /* digits of the Call-ID */
	REQUEST_BRANCH_LEN = 7 + 8 + REQUEST_KEY_LEN, /* cookie, index, secret */
};

struct request {
	char *buf; /* owned */
	uint16_t len;
	uint16_t branch; /* offsets in buf */
	uint16_t tag;
	uint16_t call_id;
};

/* What a request is made from; nothing is kept. */
struct request_info {
	const char *method;
	const struct config_trunk *trunk;
	enum config_transport transport; /* never NONE */
	const struct sa *local;		 /* for Via, and Contact and From by default */
	uint32_t index;			 /* of the target; goes into the branch */
	const char *agent;		 /* User-Agent by default */
	const struct sa *peer;		 /* {peer} in templates; NULL: none has it */
};

/* Returns 0, ENOMEM, or EOVERFLOW past 64 KiB. @r is untouched on failure. */
int request_make(struct request *r, const struct request_info *info);

void request_free(struct request *r);

/*
 * Gives the request a branch, a From tag and a Call-ID of its own. To be called before
 * each transaction; a retransmission is the same bytes again.
 *
 * Returns 0 or EIO without randomness.
 */
int request_stamp(struct request *r);

/*
 * Whether a response answers the request as last stamped: branch, Call-ID, CSeq number
 * and method, and From tag (RFC 3261 17.1.3, and more than it asks). Where it came from
 * is the caller's to check.
 */
bool request_answered_by(const struct request *r, const char *method,
			 const struct guard_message *m);

/* Whether a branch looks like ours; then @index is the target's. */
bool request_branch_index(const struct pl *branch, uint32_t *index);

#endif

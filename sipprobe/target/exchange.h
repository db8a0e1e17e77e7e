/*
 * A probe of several transactions: for targets that have credentials to answer challenges
 * with, and for methods that may have to ask twice. All its requests share Call-ID and
 * From tag, with rising CSeq (RFC 3261 8.1.3.5, 22.2), and the probe's one deadline.
 * Other targets have none and pay nothing for it.
 */
#ifndef SIPPROBE_TARGET_EXCHANGE_H
#define SIPPROBE_TARGET_EXCHANGE_H

#include "sipprobe/loop/compat.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/message/request.h"

struct exchange; /* mem_deref() */

/* The Call-ID of a row of requests, and how far they have come. */
struct exchange_call {
	char id[REQUEST_CALL_ID_LEN];
	uint32_t cseq; /* of the last request; 0: none yet, and no id */
};

struct binding;
struct target;

enum {
	EXCHANGE_TRANSACTIONS_MAX = 4, /* of one probe: a peer may challenge for ever */
};

/* Gives one to a target that needs it. Returns 0 or ENOMEM. */
int exchange_alloc(struct target *t);

/* The prober's memory between probes; freed with the exchange by mem_deref(). */
struct binding **exchange_binding(struct exchange *x);

/*
 * For a prober's prepare: the request goes on with @call, which outlives the exchange or
 * is replaced before it ends.
 */
void exchange_continue(struct exchange *x, struct exchange_call *call);

/* Our end, for the requests that are made from now on. */
void exchange_set_local(struct exchange *x, const struct sa *local);

/* A probe begins. */
void exchange_begin(struct target *t);

/* Makes the next request of the probe, with the credentials there are. 0 or errno. */
int exchange_stamp(struct target *t);

/* The next step of a probe after a final response. */
enum exchange_step {
	EXCHANGE_DONE,	  /* the response is the probe's */
	EXCHANGE_AGAIN,	  /* the next transaction is to be begun */
	EXCHANGE_REFUSED, /* our credentials were */
};

/* @why: with EXCHANGE_REFUSED, what is wrong with them, for people */
enum exchange_step exchange_next(struct target *t, const struct guard_message *m,
				 const char **why);

/* Whether a response is a duplicate of the one that was answered last. */
bool exchange_is_settled(const struct target *t, const struct guard_message *m);

#endif

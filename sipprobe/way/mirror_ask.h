/*
 * A round of two questions about what happens to our messages on the way: one as probes
 * ask, with our address in Via, From and Call-ID, and the same with a name in Via. An ALG
 * that rewrites addresses both ways makes the first look as if nobody had touched it; the
 * name it leaves alone, so that `received` is what the peer really saw. Main thread.
 */
#ifndef SIPPROBE_WAY_MIRROR_ASK_H
#define SIPPROBE_WAY_MIRROR_ASK_H

#include "config/config.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/mirror.h"

struct mirror_ask; /* mem_deref() ends it untold */
struct sockets;

#define MIRROR_CANARY "canary.invalid" /* RFC 2606: nobody's name */

struct mirror_request {
	const struct config_trunk *trunk; /* kept by the caller while the round lives */
	struct sa peer;
	enum config_transport transport; /* UDP or TCP: nobody can rewrite TLS */
	const char *agent;
	struct ticker *ticker;
	struct sockets *sockets;
};

/* What of an answer is as it was asked. */
struct mirror_answer {
	bool came;
	bool via, from, call_id, rport; /* are as we wrote them, or there */
	struct sa received;		/* AF_UNSPEC: it does not say */
};

/* The round is over, and gone after this. @signs: -1: not both were answered */
typedef void(mirror_ask_h)(int signs, void *arg);

/* Returns 0 or errno; on failure @h never runs. */
int mirror_ask_start(struct mirror_ask **ap, const struct mirror_request *rq,
		     mirror_ask_h *h, void *arg);

/* Compares an answer with what was sent: values, never their order, and never To. */
void mirror_compare(struct mirror_answer *a, const struct guard_message *sent,
		    const struct guard_message *answer);

/* The signs of a round. Returns -1 when not both were answered. */
int mirror_judge(const struct mirror_answer *plain, const struct mirror_answer *canary);

/*
 * As whom an answer says that we came; @sent has our own end in its Via. Over streams
 * the port is nothing: each connection has another. Returns false where it says nothing.
 */
bool mirror_read(struct mirror_view *v, const struct guard_message *sent,
		 const struct guard_message *answer, bool stream);

#endif

/*
 * What a peer's challenges have come to: the nonces that it gave us, kept over probes so
 * that it need not challenge each one (RFC 3261 22, RFC 7616 3.3 to 3.6). One for each
 * target that has credentials. No sockets and no clock.
 */
#ifndef SIPPROBE_MESSAGE_AUTH_H
#define SIPPROBE_MESSAGE_AUTH_H

#include "config/config.h"
#include "sipprobe/message/guard.h"

struct auth; /* mem_deref() */

enum auth_verdict {
	AUTH_AGAIN,   /* ask again, with what auth_print() prints now */
	AUTH_REFUSED, /* another answer would be no better */
};

/* Returns 0 or ENOMEM. */
int auth_alloc(struct auth **ap);

/* A probe begins: nonces from now on are fresh, those from before may have gone stale. */
void auth_begin(struct auth *a);

/* Begins anew, as if nobody had challenged us yet. */
void auth_forget(struct auth *a);

/*
 * Takes in a 401 or 407 to a request that carried what auth_print() printed last.
 *
 * Of several challenges for one realm the strongest is chosen that we support and that
 * @c allows; several realms, of the peer and of proxies before it, are answered together.
 *
 * @why: on AUTH_REFUSED, a static sentence
 */
enum auth_verdict auth_take(struct auth *a, const struct config_auth *c,
			    const struct guard_message *m, const char **why);

/*
 * Writes an Authorization or Proxy-Authorization field for each realm that challenged us
 * so far, none at first. Each call uses each nonce once more.
 *
 * Returns 0 or errno; see digest_response().
 */
int auth_print(struct auth *a, struct mbuf *mb, const struct config_auth *c,
	       const char *method, const char *uri);

#endif

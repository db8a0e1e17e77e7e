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
	AUTH_ANSWERED, /* an answer as any: it says nothing of our credentials */
	AUTH_AGAIN,    /* ask again, with what auth_print() prints now */
	AUTH_REFUSED,  /* another answer would be no better */
};

/* Returns 0 or ENOMEM. */
int auth_alloc(struct auth **ap);

/*
 * A probe begins: nonces from before may have gone stale.
 *
 * @answered: the last probe was; who kept silent may be one who dropped an old nonce
 */
void auth_begin(struct auth *a, bool answered);

/*
 * The last request's answer asks for another request, a 423 for a longer stay (RFC 3261
 * 10.3): its nonces have served, and may be good for no more.
 *
 * @anew: ask without them, as there is room for another challenge
 */
void auth_served(struct auth *a, bool anew);

/*
 * Judges a final response to a request that carried what auth_print() printed last.
 *
 * A 401 or 407 is a challenge (22.2, 22.3): of several for one realm the strongest is
 * chosen that we support and that @c allows; several realms, of the peer and of proxies
 * before it, are answered together. Another one for what answered a new nonce, without
 * stale (RFC 7616 3.3), is a refusal, and so is 403 (21.4.4, and 10.3 step 3: whom the
 * registrar knows, but does not let).
 *
 * A nonce that served before may be refused by any code: the request is made once more
 * without. What a new nonce gets is the peer's answer. A peer that takes none twice is
 * given each once from then on, since every refusal may be one that it counts.
 *
 * @more: another request may be made in this probe
 * @why:  on AUTH_REFUSED, a static sentence
 */
enum auth_verdict auth_take(struct auth *a, const struct config_auth *c,
			    const struct guard_message *m, bool more, const char **why);

/*
 * Writes an Authorization or Proxy-Authorization field for each realm that challenged us
 * so far, none at first, nor after auth_take() began anew. Each call uses each nonce once
 * more.
 *
 * Returns 0 or errno; see digest_response().
 */
int auth_print(struct auth *a, struct mbuf *mb, const struct config_auth *c,
	       const char *method, const char *uri);

#endif

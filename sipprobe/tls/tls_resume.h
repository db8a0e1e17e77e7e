/*
 * A session that a peer's next handshake may resume (RFC 8446 2.2, RFC 5077): cheaper for
 * both ends, but the peer shows no certificate then. What it showed when it last did
 * stands beside the session, is what is told meanwhile, and bounds how long it is
 * resumed.
 */
#ifndef SIPPROBE_TLS_TLS_RESUME_H
#define SIPPROBE_TLS_TLS_RESUME_H

#include "sipprobe/tls/tls.h"

struct tls_resume; /* of one peer's connections, one after the other; mem_deref() */

/* Holds no session yet. Returns 0 or ENOMEM. */
int tls_resume_alloc(struct tls_resume **rp);

/* Has a context's sessions told of. */
void tls_resume_watch(SSL_CTX *ctx);

/*
 * Before a handshake of ours: offers the peer the session in @r, if there is one that is
 * good for it, and keeps what sessions the peer gives there, @r referenced for that.
 *
 * Good is a session of the same context and identity, of a peer that showed its
 * certificate less than @lifetime_us ago, whose verified chain has not ended, and that
 * did finish the handshake in which it was offered one before. One that did not is
 * offered none for as long as @lifetime_us: it may be that alone which it does not bear.
 *
 * @ssl: of tls_session_alloc(), of a profile with session_lifetime_us
 */
void tls_resume_offer(SSL *ssl, struct tls_resume *r, int64_t lifetime_us);

/* Whether the handshake under way, or just failed, offers a session. */
bool tls_resume_offered(const SSL *ssl);

/*
 * After the handshake: what the peer showed when the session began is what it shows now.
 *
 * Returns whether it was resumed.
 */
bool tls_resume_done(SSL *ssl);

#endif

/*
 * TLS as carriers run it, by OpenSSL directly: who to trust, what to show, which name
 * the peer must prove (RFC 5922). libre's TLS client of 1.1 verifies nothing.
 */
#ifndef SIPPROBE_TLS_H
#define SIPPROBE_TLS_H

#include <openssl/ssl.h>

#include "config/config.h"
#include "sipprobe/compat.h"

struct tls_profile; /* an SSL_CTX and what belongs to it; shared, mem_deref() */

/* Why TLS failed, for the log and siptrunk_tls_failures_total{cause}. */
enum tls_failure {
	TLS_FAILURE_NONE,
	TLS_FAILURE_EXPIRED,
	TLS_FAILURE_NOT_YET_VALID,
	TLS_FAILURE_UNTRUSTED,
	TLS_FAILURE_NAME,
	TLS_FAILURE_VERSION,
	TLS_FAILURE_HANDSHAKE, /* refused, or broken off by the peer */
	TLS_FAILURE_OTHER,
	TLS_FAILURES,
};

/* "expired", "not_yet_valid", "untrusted", "name", …; a label's value. */
const char *tls_failure_name(enum tls_failure f);

/*
 * Reads certificates and keys as @conf says.
 *
 * @server:   whether it is for sockets that listen
 * @err_text: on failure, which file and why ("ca.pem: no certificate found")
 *
 * Returns 0; ENOENT, EACCES, EINVAL for what a file holds, or ENOMEM.
 */
int tls_profile_alloc(struct tls_profile **tp, const struct config_tls *conf, bool server,
		      char *err_text, size_t err_size);

/* A new SSL for one connection; the caller frees it with SSL_free(). */
int tls_session_alloc(SSL **sslp, struct tls_profile *tp, const char *name);

/* After a failed handshake: what went wrong, by the SSL's verify result and queue. */
enum tls_failure tls_failure_of(SSL *ssl, char *text, size_t size);

/* Earliest notAfter, seconds since the epoch, in the chain the peer showed; 0: none. */
int64_t tls_peer_not_after_s(SSL *ssl);

#endif

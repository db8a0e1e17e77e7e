/*
 * TLS as carriers run it, by OpenSSL directly: who to trust, what to show, which name
 * the peer must prove (RFC 5922). libre's TLS client of 1.1 verifies nothing.
 */
#ifndef SIPPROBE_TLS_TLS_H
#define SIPPROBE_TLS_TLS_H

#include <openssl/ssl.h>

#include "config/config.h"
#include "sipprobe/chain.h"
#include "sipprobe/engine.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/tls_failure.h"
#include "sipprobe/tls_own.h"

struct tls_profile; /* an SSL_CTX and what belongs to it; shared, mem_deref() */

enum { TLS_TEXT_BYTES = 96 }; /* room for any text of a failure */

/*
 * Reads certificates and keys as @conf says. A minimum of TLS 1.0 or 1.1 lowers OpenSSL's
 * security level to 0, as their handshakes are signed with SHA-1. A server needs
 * cert_file; with ca_file it demands a certificate of its clients.
 *
 * @server:   whether it is for sockets that listen
 * @err_text: on failure, which file and why ("ca.pem: no certificate found")
 *
 * Returns 0; ENOENT, EACCES, EINVAL for what a file holds, or ENOMEM.
 */
int tls_profile_alloc(struct tls_profile **tp, const struct config_tls *conf, bool server,
		      char *err_text, size_t err_size);

/*
 * A new SSL for one connection, ready to shake hands; the caller frees it with
 * SSL_free().
 *
 * @name: on the client's side the identity the peer must prove, by RFC 5922 as
 *        tls_identity.h says, and SNI when it is a host name; else NULL
 *
 * Returns 0; EINVAL without the name that is to be verified; ENOMEM.
 */
int tls_session_alloc(SSL **sslp, struct tls_profile *tp, const char *name);

/*
 * After a failed handshake, or a read that failed later (with TLS 1.3 a server that
 * refuses our certificate says so only then): what went wrong, by the verification and
 * OpenSSL's error queue, which must still hold the failure.
 *
 * @text: a sentence for people, printable ASCII whatever the peer put in
 */
enum tls_fault tls_fault_of(SSL *ssl, char *text, size_t size);

/* The same, by the cause that it counts as. */
enum tls_failure tls_failure_of(SSL *ssl, char *text, size_t size);

/*
 * Earliest notAfter, seconds since the epoch, in the chain the peer showed; 0: none. It
 * is known also when verification failed, or was skipped.
 */
int64_t tls_peer_not_after_s(SSL *ssl);

/*
 * The same of the chain that verification built, up to the authority that is trusted:
 * what must not end. What else the peer showed may be past its time and harm nobody. 0
 * without verification, or when it failed.
 */
int64_t tls_peer_verified_not_after_s(SSL *ssl);

/*
 * Describes the certificate that the peer showed, also one that was refused.
 *
 * Returns false, with @out untouched, when it showed none.
 */
bool tls_peer_certificate(SSL *ssl, struct engine_certificate *out);

/*
 * The whole chain that the peer showed, as text; also one that was refused.
 *
 * @cp: set on success; the caller's reference, chain_unref()
 *
 * Returns 0; ENOENT when it showed none; ENOMEM.
 */
int tls_peer_chain(struct chain **cp, SSL *ssl);

/* What a peer showed in its handshake, by which another is told from it. */
struct tls_shown {
	char tls[64];	/* "TLSv1.3 TLS_AES_256_GCM_SHA384" */
	char key[112];	/* "EC 256, SHA-256 1f0e…", of its SubjectPublicKeyInfo */
	char root[224]; /* who issued it, and the authority trusted; "": not verified */
};

/* Returns false, with @out untouched, when it showed no certificate. */
bool tls_peer_shown(SSL *ssl, struct tls_shown *out);

/* Earliest notAfter in the chain that cert_file holds, seconds; 0 without a cert_file. */
int64_t tls_profile_not_after_s(const struct tls_profile *tp);

/*
 * What peers will make of the chain that cert_file holds.
 *
 * @trunk: whose names it is to prove too, or NULL
 *
 * Returns false, with @own untouched, without a cert_file.
 */
bool tls_profile_own(struct tls_own *own, const struct tls_profile *tp,
		     const struct config_trunk *trunk);

/* Earliest notAfter in a chain, of which both parts may be NULL; 0: none. */
int64_t tls_earliest_not_after_s(const X509 *leaf, const STACK_OF(X509) * chain);

/* Whether the peer showed a certificate that was verified; and whether it proves @name.
 */
bool tls_peer_verified(SSL *ssl);
bool tls_peer_proves(SSL *ssl, const char *name);

#endif

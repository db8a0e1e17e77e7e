/* What a TLS context offers: versions, ciphers, groups, and how weak a key may be. */
#ifndef SIPPROBE_TLS_TLS_STRENGTH_H
#define SIPPROBE_TLS_TLS_STRENGTH_H

#include <openssl/ssl.h>

#include "config/config.h"

/*
 * Sets it as @conf says. A minimum of TLS 1.0 or 1.1 lowers OpenSSL's security level to
 * 0, as their handshakes are signed with SHA-1.
 *
 * Finite-field Diffie-Hellman is left out of ciphers (TLS 1.2 and older) and of groups
 * (TLS 1.3), unless `ciphers` names it (`DHE-RSA-AES256-GCM-SHA384`, `kDHE`, …): the peer
 * chooses the group there, and OpenSSL computes with one of 10,000 bits for a second, in
 * which nothing else is probed. Wide words such as `HIGH` do not name it.
 *
 * Returns NULL; or what could not be set, and OpenSSL's error queue holds why.
 */
const char *tls_strength_set(SSL_CTX *ctx, const struct config_tls *conf);

/*
 * Makes our own certificate's strength the peer's business: a weak one is shown, and
 * told of as tls_own.h does, not refused by us. The peer's is held to the security level
 * as before, and its Diffie-Hellman group to TLS_STRENGTH_GROUP_BITS.
 *
 * @h: called where a peer chose a group of more; the same one for all contexts
 */
typedef void(tls_strength_large_h)(const SSL *ssl, int bits);

void tls_strength_show_any(SSL_CTX *ctx, tls_strength_large_h *h);

/* How much of our time a peer may ask for in one handshake. */
enum {
	TLS_STRENGTH_SHOWN_MAX = 20,	      /* certificates */
	TLS_STRENGTH_SHOWN_BYTES = 64 * 1024, /* of all of them */
	TLS_STRENGTH_DEPTH_MAX = 10,	      /* authorities above its own */
	TLS_STRENGTH_KEY_BITS = 8192,	      /* RSA and DSA */
	TLS_STRENGTH_GROUP_BITS = 4096,	      /* finite-field Diffie-Hellman */
};

/* Sets what of these OpenSSL looks after itself. */
void tls_strength_bound(SSL_CTX *ctx);

/* Whether the key of a certificate is larger than that. @bits: its size then */
bool tls_strength_is_large(X509 *cert, int *bits);

/* Whether an OpenSSL cipher list names finite-field Diffie-Hellman. */
bool tls_strength_names_dhe(const char *ciphers);

#endif

/* What is remembered beside one SSL. For tls*.c only. */
#ifndef SIPPROBE_TLS_RECORD_H
#define SIPPROBE_TLS_RECORD_H

#include "sipprobe/tls.h"

struct tls_record {
	char *name; /* identity to verify, or NULL */
	bool skip_verify;
	int64_t not_after_s;	  /* earliest in the chain shown, or 0 */
	int peer_version;	  /* of the peer's hello as on the wire, or 0 */
	X509 *leaf;		  /* a reference to what the peer showed, or NULL */
	enum tls_failure failure; /* what verification found */
	char text[TLS_TEXT_BYTES];
};

/* The SSL's record; NULL for an SSL that tls_session_alloc() did not make. */
struct tls_record *tls_record_of(const SSL *ssl);

/* The certificate verify callback of OpenSSL: judges the chain and fills the record. */
int tls_verify(X509_STORE_CTX *store, void *arg);

#endif

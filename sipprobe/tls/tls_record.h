/* Our record beside one SSL, and what reads a context's files. For tls*.c only. */
#ifndef SIPPROBE_TLS_TLS_RECORD_H
#define SIPPROBE_TLS_TLS_RECORD_H

#include <stdio.h>

#include "sipprobe/tls/tls.h"

struct tls_resume;

/* What a peer showed, and what verification made of it. */
struct tls_seen {
	int64_t at_ns;		      /* monotonic; in the handshake */
	int64_t not_after_s;	      /* earliest in the chain shown, or 0 */
	int64_t verified_not_after_s; /* earliest in the chain that was verified, or 0 */
	char verified_ends[64]; /* who ends then: "" the peer's own, else its title */
	char root[112];		/* the last of that chain, and its key; or "" */
	STACK_OF(X509) * chain; /* references to what the peer showed, or NULL */
};

struct tls_record {
	char *name; /* identity to verify, or NULL */
	bool skip_verify;
	bool asked;	  /* the peer asked for a certificate of ours */
	bool offered;	  /* it was offered a session */
	int peer_version; /* of the peer's hello as on the wire, or 0 */
	struct tls_seen seen;
	struct tls_resume *resume; /* referenced; where sessions are kept, or NULL */
	enum tls_fault fault;	   /* what verification found */
	char text[TLS_TEXT_BYTES];
};

/* Before the first of them is attached. Returns whether any can be. Main thread only. */
bool tls_record_prepare(void);

/*
 * Gives an SSL a record, which goes with it.
 *
 * @name: of tls_session_alloc(); copied
 *
 * Returns 0 or ENOMEM.
 */
int tls_record_attach(SSL *ssl, const char *name, bool skip_verify);

/* The SSL's record; NULL for an SSL that tls_session_alloc() did not make. */
struct tls_record *tls_record_of(const SSL *ssl);

/* The first of the chain, the peer's own certificate; NULL: it showed none. */
static inline X509 *tls_record_leaf(const struct tls_record *rec)
{
	return sk_X509_num(rec->seen.chain) > 0 ? sk_X509_value(rec->seen.chain, 0)
						: NULL;
}

/* Lets go of what is in it. */
void tls_seen_clear(struct tls_seen *seen);

/* @to: what is in it goes, also on failure. Returns 0 or ENOMEM. */
int tls_seen_copy(struct tls_seen *to, const struct tls_seen *from);

/* A certificate's time in seconds since the epoch; 0 for one that is none. */
int64_t tls_seconds_of(const ASN1_TIME *t);

/* Whether the peer's certificates were looked into and found good. */
bool tls_record_verified(const struct tls_record *rec);

/* "" before the handshake got that far. */
const char *tls_record_cipher(const SSL *ssl);

/*
 * Verifies the chain that @store was set up with, and the record's name. Fills in what of
 * it was verified, or the fault and its words.
 */
bool tls_record_judge(struct tls_record *rec, X509_STORE_CTX *store);

/* The certificate verify callback of OpenSSL: judges the chain and fills the record. */
int tls_verify(X509_STORE_CTX *store, void *arg);

/* Where the words of a failure go. */
struct tls_complaint {
	char *text;
	size_t size;
};

/* Says it and forgets OpenSSL's. Returns @err. */
__attribute__((format(printf, 3, 4))) int tls_complain(const struct tls_complaint *c,
						       int err, const char *fmt, ...);

/* The reason of the failure just seen, in OpenSSL's words. */
const char *tls_reason(void);

/* Opens to read. Returns 0; ENOENT, EACCES, ENOMEM or EINVAL, said. */
int tls_file_open(FILE **fp, const char *path, const struct tls_complaint *c);

/* A key behind a passphrase must fail, not ask on a terminal that nobody watches. */
int tls_no_passphrase_h(char *buf, int size, int writing, void *arg);

/* Reads ca_file, or on the client's side the system's store. Returns 0 or errno, said. */
int tls_trust_load(SSL_CTX *ctx, const struct config_tls *conf, bool server,
		   const struct tls_complaint *c);

#endif

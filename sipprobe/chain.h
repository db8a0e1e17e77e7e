/*
 * The certificates that a peer showed over TLS, as plain text and numbers: what people
 * ask for when a handshake fails or a certificate was replaced. No OpenSSL types, so that
 * other layers and threads may hold one.
 */
#ifndef SIPPROBE_CHAIN_H
#define SIPPROBE_CHAIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { CHAIN_MAX = 8 }; /* certificates told; the rest are counted */

/* One certificate. Texts are the peer's own words, made printable ASCII and cut. */
struct chain_link {
	const char *subject; /* "CN=sbc.example, O=Example", or "" */
	const char *issuer;  /* the same of who signed it */
	const char *names;  /* subjectAltName: "a.example, b.example and 3 more", or "" */
	const char *serial; /* hexadecimal digits */
	const char *key;    /* "RSA 2048", "EC 256" */
	const char *sha256; /* fingerprint, 64 hexadecimal digits */
	int64_t not_before_s;
	int64_t not_after_s;
};

enum { CHAIN_TEXTS = 6 }; /* of a link */

/* As presented, the peer's own first. Does not change once it is shared. */
struct chain {
	atomic_uint refs;
	unsigned count;		   /* 1 to CHAIN_MAX */
	unsigned left_out;	   /* what was presented beyond that */
	bool verified;		   /* trusted, in time and for the name asked for */
	int64_t seen_unix_ns;	   /* wall clock, when it was read */
	char version[12];	   /* "TLSv1.3" */
	char cipher[40];	   /* "" before the handshake got that far */
	struct chain_link links[]; /* what they point to follows */
};

/*
 * Makes one of links whose texts are copied; all else is zero. One reference is the
 * caller's.
 *
 * Returns 0 or ENOMEM.
 */
int chain_alloc(struct chain **cp, const struct chain_link *links, unsigned count);

/* Any thread. NULL is ignored. */
struct chain *chain_ref(struct chain *c);
void chain_unref(struct chain *c);

/* Whether two show the same, whenever they were seen. NULL is like NULL only. */
bool chain_equal(const struct chain *a, const struct chain *b);

#endif

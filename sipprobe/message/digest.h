/*
 * Digest access authentication: challenges read, answers calculated (RFC 7616 and RFC
 * 2617, as RFC 3261 22 and RFC 8760 take them over). Pure functions of their arguments.
 *
 * Quoted strings are taken as both RFCs say, with their backslashes left in: the bytes
 * between the quotes are what is hashed, and what is sent back.
 */
#ifndef SIPPROBE_MESSAGE_DIGEST_H
#define SIPPROBE_MESSAGE_DIGEST_H

#include "sipprobe/loop/compat.h"

/* By strength, so that the greater is the better. */
enum digest_algorithm {
	DIGEST_MD5,
	DIGEST_MD5_SESS,
	DIGEST_SHA_256,
	DIGEST_SHA_256_SESS,
	DIGEST_SHA_512_256,
	DIGEST_SHA_512_256_SESS,
	DIGEST_UNKNOWN, /* none that we know */
};

enum {
	DIGEST_HEX_MAX = 64 + 1, /* characters of the longest hash, and its zero */
	DIGEST_TEXT_MAX = 4096,	 /* bytes of a realm, a nonce or an opaque value */
	DIGEST_CNONCE_LEN = 16,
};

/*
 * One Digest challenge. Texts point into the field's value, without quotes; a line may be
 * folded in them.
 */
struct digest_challenge {
	struct pl realm;
	struct pl nonce;
	struct pl opaque; /* p is NULL when there is none */
	enum digest_algorithm algorithm;
	bool algorithm_given; /* else it is MD5 */
	bool qop_given;
	bool qop_auth; /* "auth" is among what may be chosen */
	bool stale;
	bool userhash;
};

/*
 * Takes the next well-formed Digest challenge off the front of a WWW-Authenticate or
 * Proxy-Authenticate value, which may hold several; other schemes and what is malformed
 * are passed over. Time is linear in what is taken.
 *
 * Returns false when there is none any more.
 */
bool digest_challenge_take(struct digest_challenge *c, struct pl *value);

/*
 * Copies a text of a challenge as it is hashed and sent back: a line's fold in it is one
 * space (RFC 3261 7.3.1). @to holds l + 1 bytes. Returns the length.
 */
size_t digest_text_copy(char *to, const struct pl *text);

/* Whether it can be answered: a known algorithm, and qop either absent or auth. */
bool digest_challenge_usable(const struct digest_challenge *c);

/* "MD5-sess"; as in a challenge. */
const char *digest_algorithm_name(enum digest_algorithm a);

/* Strength, to choose the strongest by; a -sess form is as strong as the plain one. */
unsigned digest_algorithm_strength(enum digest_algorithm a);

struct digest_input {
	enum digest_algorithm algorithm; /* never DIGEST_UNKNOWN */
	const char *username;
	const char *password;
	const char *realm;
	const char *nonce;
	const char *cnonce; /* with qop or a -sess algorithm */
	uint32_t nc;	    /* with qop: how often the nonce was used, from 1 */
	bool qop_auth;
	const char *method;
	const char *uri; /* the Request-URI */
};

/*
 * The response value (RFC 7616 3.4.1; 3.4.6 gives RFC 2069's for no qop), in lower-case
 * hexadecimal digits with a zero at the end.
 *
 * Returns 0; ENOTSUP when OpenSSL has no such hash, as MD5 under FIPS; ENOMEM.
 */
int digest_response(char out[DIGEST_HEX_MAX], const struct digest_input *in);

/* The username of a challenge with userhash=true (RFC 7616 3.4.4). Returns the same. */
int digest_userhash(char out[DIGEST_HEX_MAX], enum digest_algorithm algorithm,
		    const char *username, const char *realm);

#endif

/*
 * Certificates: an authority, one for each peer over TLS, and the process' own, which lie
 * in files that are in memory. They end while a run lasts, and are renewed: in time, or
 * too late. Keys are Ed25519 and come of the seed, so that all lengths are the same.
 */
#ifndef TESTS_SIMULATION_AUTHORITY_H
#define TESTS_SIMULATION_AUTHORITY_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

struct identity;
struct peer;

/* What a certificate may be used, seconds since the epoch. */
struct validity {
	int64_t from_s, until_s;
};

/* Where there are trunks over TLS: the authority and our own certificate. */
void authority_begin(uint64_t seed);

/* Paths for the configuration. */
const char *authority_file(void);
const char *authority_own_file(void);
const char *authority_own_key_file(void);

/* The certificate in our file now, and since when it lies there (monotonic). */
struct validity authority_own(void);
int64_t authority_own_since_ns(void);

/* A peer's, that will be renewed from time to time. */
struct identity *authority_identity(struct peer *peer);

/* What it shows from now on; and what it showed last, and before that. */
SSL_CTX *identity_show(struct identity *id);
const struct validity *identity_shown(const struct identity *id, unsigned before);

/* The time that everybody but the process goes by. */
int64_t authority_now_s(void);

struct authority_counts {
	uint64_t renewed, ended; /* certificates of peers; … that had ended by then */
	uint64_t own_renewed, own_ended;
};

extern struct authority_counts authority_counts;

#endif

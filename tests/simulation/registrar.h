/*
 * A registrar (RFC 3261 10.3) that wants to know who asks (RFC 7616, MD5 with qop=auth),
 * where its trunk has credentials.
 */
#ifndef TESTS_SIMULATION_REGISTRAR_H
#define TESTS_SIMULATION_REGISTRAR_H

#include "tests/simulation/net.h"

#define REGISTRAR_USER	   "me"
#define REGISTRAR_PASSWORD "secret"

enum {
	REGISTRAR_EXPIRES_S = 600,
	REGISTRAR_GRACE_S = 3, /* what was told may be wrong for so long */
};

struct registrar;

struct registrar *registrar_make(struct peer *peer, uint64_t stream);

/*
 * Judges a request. @more: fields for the answer. Returns its code.
 */
unsigned registrar_hear(struct registrar *r, const struct packet *p, char *more,
			size_t size);

/* Whether it knows us now. */
bool registrar_holds(const struct registrar *r);

/* Whether it does by the contact that was spoken of last. */
bool registrar_holds_last(const struct registrar *r);

/* How long it has not known us; 0: it does, or never did. */
int64_t registrar_without_ns(const struct registrar *r);

#endif

/*
 * What a peer shows at one time: all its traits, by an answer or by a handshake. Most
 * peers look like others of their kind, so that equal fingerprints are kept once. Main
 * thread only.
 */
#ifndef SIPPROBE_FINGERPRINT_FINGERPRINT_H
#define SIPPROBE_FINGERPRINT_FINGERPRINT_H

#include "sipprobe/fingerprint/trait.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/peer_change.h"

/* Traits while they are read. */
struct fingerprint_draft {
	unsigned code; /* of the answer; 0: a handshake */
	struct trait traits[PEER_TRAITS];
};

/* Does not change; mem_deref(). */
struct fingerprint {
	struct le le; /* in its fingerprint_table */
	unsigned code;
	uint64_t ids[PEER_TRAITS]; /* 0: it has none of that */
	const char *texts[PEER_TRAITS];
	char room[]; /* what these point to */
};

/* All fingerprints there are. */
struct fingerprint_table;

/* Freed with mem_deref(), after the last of its fingerprints. Returns 0 or ENOMEM. */
int fingerprint_table_alloc(struct fingerprint_table **tp);

/*
 * Sets @pp to a reference to the fingerprint that @s is: one that is there, or a new one.
 *
 * Returns 0 or ENOMEM.
 */
int fingerprint_table_take(struct fingerprint **pp, struct fingerprint_table *t,
			   const struct fingerprint_draft *s);

/* How many there are. */
unsigned fingerprint_table_count(const struct fingerprint_table *t);

/* The traits that it has, bits 1 << enum peer_trait. */
unsigned fingerprint_traits(const struct fingerprint *p);

#endif

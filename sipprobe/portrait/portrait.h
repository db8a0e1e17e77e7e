/*
 * What a peer shows at one time: all its traits, by an answer or by a handshake. Most
 * peers look like others of their kind, so that equal portraits are kept once. Main
 * thread only.
 */
#ifndef SIPPROBE_PORTRAIT_PORTRAIT_H
#define SIPPROBE_PORTRAIT_PORTRAIT_H

#include "sipprobe/loop/compat.h"
#include "sipprobe/peer_change.h"
#include "sipprobe/portrait/trait.h"

/* Traits while they are read. */
struct sketch {
	unsigned code; /* of the answer; 0: a handshake */
	struct trait traits[PEER_TRAITS];
};

/* Does not change; mem_deref(). */
struct portrait {
	struct le le; /* in its gallery */
	unsigned code;
	uint64_t ids[PEER_TRAITS]; /* 0: it has none of that */
	const char *texts[PEER_TRAITS];
	char room[]; /* what these point to */
};

/* All portraits there are. */
struct gallery;

/* Freed with mem_deref(), after the last of its portraits. Returns 0 or ENOMEM. */
int gallery_alloc(struct gallery **gp);

/*
 * Sets @pp to a reference to the portrait that @s is: one that is there, or a new one.
 *
 * Returns 0 or ENOMEM.
 */
int gallery_take(struct portrait **pp, struct gallery *g, const struct sketch *s);

/* How many there are. */
unsigned gallery_count(const struct gallery *g);

/* The traits that it has, bits 1 << enum peer_trait. */
unsigned portrait_traits(const struct portrait *p);

#endif

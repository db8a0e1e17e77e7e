/*
 * One trait of a peer as it is kept: a text for people, printable ASCII and cut to fit,
 * and a number for all of it, by which it is compared.
 */
#ifndef SIPPROBE_FINGERPRINT_TRAIT_H
#define SIPPROBE_FINGERPRINT_TRAIT_H

#include "sipprobe/loop/compat.h"
#include "sipprobe/peer_change.h"

struct trait {
	uint64_t id; /* 0: there is none */
	size_t len;
	char text[PEER_TEXT];
};

void trait_clear(struct trait *t);

void trait_add(struct trait *t, char c);
void trait_add_str(struct trait *t, const char *text);

/* Adds text, white space of any length as one space. */
void trait_add_text(struct trait *t, const struct pl *text);

#endif

/*
 * What a peer sees of us, by the topmost Via of its answers (RFC 3261 18.2.1, RFC 3581),
 * and what somebody on the way made of our messages. No libre types: other layers see it.
 */
#ifndef SIPPROBE_MIRROR_H
#define SIPPROBE_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Signs of an ALG (application level gateway): a router that rewrites SIP. A sign is said
 * when two rounds in a row had it, and taken back when two had not.
 */
enum mirror_sign {
	MIRROR_VIA,	/* the answer's Via has another address than we wrote */
	MIRROR_FROM,	/* another URI in From */
	MIRROR_CALL_ID, /* another Call-ID */
	MIRROR_RPORT,	/* no rport, which we had asked for */
	MIRROR_HIDDEN,	/* to a name as address in Via another `received` came back */
	MIRROR_SIGNS,
};

/* "via", "from", …: a label's value. */
const char *mirror_sign_name(enum mirror_sign s);

/* As whom an answer says that we came. By value. */
struct mirror_view {
	char address[64]; /* "203.0.113.7:40112"; without a port where none was told */
	bool nat;	  /* it is not what we sent from */
};

/* What rounds of questions found. */
struct mirror_found {
	bool known;	/* two rounds were answered */
	unsigned signs; /* bits 1 << enum mirror_sign */
};

/* Adds a round's signs. @last: those of the round before; -1: there was none */
void mirror_conclude(struct mirror_found *f, int *last, unsigned signs);

#endif

/*
 * What a target may have beside what each has: a check of OPTIONS over UDP that is
 * answered does without all of it, and most are such. It is made when it is first needed;
 * until then a target's is one that all share, and that is empty.
 */
#ifndef SIPPROBE_TARGET_TARGET_MORE_H
#define SIPPROBE_TARGET_TARGET_MORE_H

#include <stdbool.h>

struct exchange;
struct fingerprint_history;
struct stream;
struct target;
struct target_call;
struct target_marks;
struct target_mirror;
struct target_surveyed;
struct turns_account;
struct unregistration;
struct waiting;

struct target_more {
	struct stream *stream; /* owned */
	bool stream_up;
	struct turns_account
		*account;	   /* of the loop's time its connections take, or NULL */
	struct exchange *exchange; /* owned; NULL: a probe is one transaction */
	struct target_call *call;  /* owned; of INVITE, else NULL */
	struct unregistration *unregistration;	/* owned; NULL: it stays */
	struct target_surveyed *surveyed;	/* owned; NULL: its peer is not */
	struct target_marks *marks;		/* owned; NULL: copies have no number */
	struct waiting *waiting;		/* owned; oldest first; not settled yet */
	struct target_mirror *mirror;		/* owned; NULL: nobody asked yet */
	struct fingerprint_history *handshakes; /* owned; NULL: there was none over TLS */
};

/* The empty one. */
extern const struct target_more target_more_none;

/* The target's own, to be written to; NULL: there is no memory for it. */
struct target_more *target_more(struct target *t);

/* Lets go of the own one, if there is any, and of what is left in it. */
void target_more_free(struct target *t);

#endif

/*
 * On which way copies of a request were lost. With `mark_copies` each carries its number
 * in a parameter of its Via, which comes back in the answer (RFC 3261 8.2.6.2). A
 * stateful peer repeats the answer that it made for the first copy that arrived (17.2.2):
 * so the copies before that one were lost on the way there, for certain. A peer without
 * state answers each copy by itself, and nobody knows what became of the others.
 *
 * Where the answer comes too late to be that copy's, its own was lost on the way back,
 * for certain too. Which way the rest went is not known one by one: they are shared out
 * as what is certain was. Pure: no clock, no socket.
 */
#ifndef SIPPROBE_LOSS_DIRECTION_H
#define SIPPROBE_LOSS_DIRECTION_H

#include "sipprobe/loss/loss.h"

enum direction_kind {
	DIRECTION_UNKNOWN,
	DIRECTION_STATEFUL,  /* answers carry the number of the first copy that arrived */
	DIRECTION_STATELESS, /* … of the copy that each answers */
};

enum {
	/* Requests in a row of which no copy was answered, from which on that is an
	 * outage. */
	DIRECTION_SILENT_MAX = 3,
};

/* What is known of a target's peer and its way; zeroed: nothing. */
struct direction {
	float firsts; /* copies up to the one that arrived first, of late … */
	float before; /* … and those before it */
	float back;   /* in the same time, answers to the first that were lost */
	float owed;   /* copies lost on the way there that were not told yet */
	uint8_t kind; /* enum direction_kind */
	uint8_t same; /* in a row, that spoke for a stateful peer */
	uint8_t silent;
};

/* Two final responses to one request carry these. DIFFER is proof, SAME a hint: the
 * network may double an answer. */
void direction_note(struct direction *d, enum loss_marks marks);

/* Says of what loss_settle() counted in @out how much was lost on each way. @l: as it is
 * after that */
void direction_settle(struct direction *d, const struct loss *l,
		      const struct loss_request *r, struct probe_loss *out);

#endif

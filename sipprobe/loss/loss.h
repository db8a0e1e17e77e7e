/*
 * Loss by what was sent over UDP and what came back for it. A peer that answers every
 * copy of a request leaves no doubt: a copy that nothing came back for was lost, there or
 * back, however long the others took. Retransmissions are decided by the past only, so
 * that requests less answers is right on average, as a ratio of sums.
 *
 * Some peers answer the first copy that arrives and no other. One whose answers come
 * while a later copy is still under way, again and again without a second answer, is such
 * a peer: copies that it had no reason to answer are not counted. Pure: no clock, no
 * socket.
 */
#ifndef SIPPROBE_LOSS_LOSS_H
#define SIPPROBE_LOSS_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "sipprobe/probe.h"

enum {
	/* Answers in doubt until a peer is one that answers the first copy only. */
	LOSS_DOUBTS_MAX = 12,
};

enum loss_kind {
	LOSS_UNKNOWN,
	LOSS_COPIES, /* it answers each copy */
	LOSS_FIRST,  /* it answers the first that arrives */
};

/* What two final responses to one request say of the copies that they were made for. */
enum loss_marks {
	LOSS_MARKS_NONE, /* there are no two, or they do not say */
	LOSS_MARKS_SAME,
	LOSS_MARKS_DIFFER,
};

/* What is known of a target's peer; zeroed: nothing. */
struct loss {
	uint32_t least_us;     /* the shortest way there and back of late; 0: unknown */
	uint16_t held_copies;  /* copies of the answers in doubt … */
	uint16_t held_firsts;  /* … those up to the one that was answered … */
	uint16_t held_answers; /* … and how many answers that were */
	uint16_t given_up;     /* copies of the last unanswered request told as lost */
	uint16_t credit;       /* of these, answered all the same, not yet made up for */
	uint8_t doubts;
	uint8_t kind; /* enum loss_kind */
};

/* One request that no more answers are expected to. */
struct loss_request {
	uint16_t copies;       /* sent */
	uint16_t finals;       /* final responses, to whichever copy */
	uint16_t provisionals; /* provisional ones */
	int64_t t1_us;	       /* by which copies followed each other */
	int64_t last_us;       /* the last copy, since the first one */
	int64_t answered_us;   /* the first final response; 0: none came in time */
	int64_t way_us; /* there and back, where that is known exactly; 0: it is not */
	uint16_t mark;	/* copy that the first final response was made for; 0: unknown */
	uint8_t marks;	/* enum loss_marks */
};

/*
 * Takes in one request and says what is to be counted now: its own copies, or none while
 * they are in doubt, or those that were. Nothing in @out is ever taken back.
 */
void loss_settle(struct loss *l, const struct loss_request *r, struct probe_loss *out);

/* That is known from elsewhere. What was in doubt is told in @out. */
void loss_know(struct loss *l, enum loss_kind kind, struct probe_loss *out);

/* A final response to a request that was settled before. */
void loss_belated(struct loss *l, struct probe_loss *out);

/*
 * The copies that can have caused the first answer by when it came, which came in time:
 * all but those that were still under way.
 */
uint16_t loss_copies_by_time(const struct loss *l, const struct loss_request *r);

/*
 * How many copies something came back for. Provisional responses count where they stand
 * for a copy: a server that is not done yet answers a retransmission by its last
 * provisional one, and needs no copy for the final one that follows (RFC 3261 17.2.2).
 */
unsigned loss_answers(const struct loss_request *r);

#endif

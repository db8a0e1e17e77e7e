/*
 * Turns of the loop. Each peer has a share of the loop's time, counted on an account of
 * its own; who has used it up waits in a queue, out of which a little is done at a time.
 * So a peer that keeps us busy costs the others no more than a slice, however many such
 * peers there are. Main thread only.
 */
#ifndef SIPPROBE_LOOP_TURNS_H
#define SIPPROBE_LOOP_TURNS_H

#include "sipprobe/loop/compat.h"

enum {
	TURNS_SHARE = 50,      /* an account's usual share: one part in so many */
	TURNS_QUEUE_SHARE = 4, /* the same of all together that are over theirs */
};

/* What an account may use at once before its share matters: several TLS handshakes. */
#define TURNS_BURST_NS (10 * 1000000LL)

/* The time given to the queue at once; the one whose turn it is may take it beyond. */
#define TURNS_SLICE_NS 1000000LL

struct turns; /* the queue; mem_deref() */

/* Time used. Embed one, with its share, or allocate it. */
struct turns_account {
	int64_t paid_ns; /* monotonic: by when its share pays for what it has used */
	unsigned share;	 /* one part in so many of the loop's time */
};

typedef void(turns_h)(void *arg);

/* Somebody who may have to wait; zeroed at first. */
struct turns_waiter {
	struct le le;
	turns_h *h; /* called when it is his turn, out of the queue by then */
	void *arg;
};

/* Returns 0 or errno. */
int turns_alloc(struct turns **tp);

/* Freed with mem_deref(). Returns 0 or ENOMEM. */
int turns_account_alloc(struct turns_account **ap, unsigned share);

/* CPU time of this thread, to take the difference of. */
int64_t turns_cpu_ns(void);

/* Counts time that was used, CPU time. @now_ns: monotonic */
void turns_charge(struct turns_account *a, int64_t now_ns, int64_t used_ns);

/* Whether the account has time left at once. */
bool turns_left(const struct turns_account *a, int64_t now_ns);

/* Joins the queue's end. Nothing happens to who is in it. */
void turns_wait(struct turns *t, struct turns_waiter *w);

/* Leaves the queue, if he is in it. */
void turns_leave(struct turns_waiter *w);

#endif

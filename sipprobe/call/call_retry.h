/* The clock of a client transaction (RFC 3261 17.1): pure, told the time. */
#ifndef SIPPROBE_CALL_CALL_RETRY_H
#define SIPPROBE_CALL_CALL_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct call_retry {
	int64_t again_ns; /* when to send it again; 0: not at all */
	int64_t every_ns;
	int64_t end_ns;	 /* 64 T1 after it was sent first; 0: nothing is waited for */
	int64_t most_ns; /* the longest wait between two copies */
};

enum { CALL_RETRY_SPAN = 64 }; /* T1s until nothing is waited for */

/*
 * Begins at the first sending.
 *
 * @invite:   its copies double without a limit (Timer A), others stop at T2 (Timer E)
 * @reliable: over TCP and TLS nothing is sent again
 */
void call_retry_begin(struct call_retry *r, int64_t now_ns, int64_t t1_ns, bool invite,
		      bool reliable);

/* Sends no more copies, and waits on. */
void call_retry_quiet(struct call_retry *r);

/* The next copy leaves then, if there is time for one. */
void call_retry_put_off(struct call_retry *r, int64_t at_ns);

/* Its connection is gone: copies leave as over UDP, until one has another. */
void call_retry_lost(struct call_retry *r, int64_t now_ns);

/* A provisional response to what is no INVITE: from now on every T2 (17.1.2.2). */
void call_retry_slow(struct call_retry *r, int64_t now_ns);

/* What was waited for came. */
void call_retry_end(struct call_retry *r);

enum call_retry_due {
	CALL_RETRY_NOT_YET,
	CALL_RETRY_AGAIN, /* send a copy */
	CALL_RETRY_OVER,  /* it waited long enough, and waits no more */
};

enum call_retry_due call_retry_look(struct call_retry *r, int64_t now_ns);

/* When to look next; INT64_MAX: never. */
int64_t call_retry_next_ns(const struct call_retry *r);

#endif

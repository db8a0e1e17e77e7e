/*
 * The order of a trace: which TTL is sent next and when, and what becomes of each. Pure:
 * no clock, no socket.
 *
 * TTLs go out a few at a time. A router that was heard makes room for the next one, a
 * silent one after a second. Who is silent is asked TRACE_TRIES times, a second apart,
 * since Linux answers each asker six times at once and then once a second. Nothing is
 * sent past the TTL that ended the way.
 */
#ifndef SIPPROBE_WAY_WAY_PLAN_H
#define SIPPROBE_WAY_WAY_PLAN_H

#include "sipprobe/trace.h"

enum {
	WAY_PLAN_AT_ONCE = 3,	     /* unanswered first tries under way */
	WAY_PLAN_AT_ONCE_SILENT = 5, /* the same behind so many silent hops: */
	WAY_PLAN_SILENCE = 3,
	/* Where the peer is silent: so many at once, and in a row end the way. */
	WAY_PLAN_GAP = 8,
};

#define WAY_PLAN_TRY_NS INT64_C(1000000000)  /* between two tries; and for an answer */
#define WAY_PLAN_ALL_NS INT64_C(20000000000) /* then what was not heard is silent */

struct way_plan {
	struct trace_report *report; /* where what is found stands */
	int64_t sent_ns[TRACE_HOPS]; /* the last try; 0: none */
	bool one_by_one;
	int64_t begun_ns;
	int64_t quiet_until_ns; /* nothing is sent before that */
	uint8_t gap;		/* so many silent hops in a row end it */
	uint8_t last;		/* the TTL that ends the way, or TRACE_HOPS */
};

/*
 * @r:      zeroed, and kept by the caller
 * @silent: the peer does not answer: behind WAY_PLAN_GAP silent hops nobody will
 * @now_ns: monotonic, as are all times here
 */
void way_plan_init(struct way_plan *p, struct trace_report *r, bool silent,
		   int64_t now_ns);

/* The TTL to send at @now_ns; 0: none now. Then it counts as sent. */
unsigned way_plan_next(struct way_plan *p, int64_t now_ns);

/* When way_plan_next() may have another, or something settles without an answer. */
int64_t way_plan_wake_ns(const struct way_plan *p);

/*
 * An answer came at @rx_ns for a try of @ttl that was sent at @sent_ns. What is settled
 * stays. @what: its answer, address, type and code are taken
 */
void way_plan_heard(struct way_plan *p, unsigned ttl, const struct trace_hop *what,
		    int64_t sent_ns, int64_t rx_ns);

/*
 * Something came back of which nobody can say for which TTL: from now on one is asked at
 * a time, once what is under way can no longer be answered.
 */
void way_plan_alone(struct way_plan *p, int64_t now_ns);

/* The only TTL that is under way, where one is asked at a time; 0: none. */
unsigned way_plan_single(const struct way_plan *p, int64_t now_ns);

/* Settles whoever is silent for good. Returns whether the trace is over. */
bool way_plan_done(struct way_plan *p, int64_t now_ns);

#endif

/*
 * The last trace of a trunk, kept for people. Any thread that holds a reference may read
 * it. No more than TRACED_MAX are kept of all trunks, the newest ones.
 */
#ifndef EXPORTER_STORE_TRACED_H
#define EXPORTER_STORE_TRACED_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "sipprobe/trace.h"

enum { TRACED_MAX = 256 };

struct store_trunk;

struct traced {
	TAILQ_ENTRY(traced) entry; /* by age, all trunks */
	struct traced **in;	   /* where the store refers to it; NULL: nowhere */
	atomic_uint refs;
	bool by_hand; /* somebody asked for it; else the trunk went down */
	struct trace_report report;
};

TAILQ_HEAD(traceds, traced);

/* The store's, zeroed but for `list`. */
struct traced_list {
	struct traceds list; /* oldest first */
	unsigned count;
};

/* With one reference; NULL without memory. */
struct traced *traced_alloc(const struct trace_report *r, bool by_hand);

struct traced *traced_ref(struct traced *t); /* NULL stays NULL */
void traced_unref(struct traced *t);	     /* NULL is ignored */

/* Puts @t, and the reference, where *@in is; what stood there goes. Under the lock. */
void traced_keep(struct traced_list *l, struct traced **in, struct traced *t);

/* Takes away what is kept at *@in. Under the lock. */
void traced_forget(struct traced_list *l, struct traced **in);

#endif

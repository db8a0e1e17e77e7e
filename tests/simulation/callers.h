/*
 * Who calls us: peers that ping us where we listen, over UDP and TCP, and strangers. Each
 * request is remembered until its answer, or its silence, has been judged.
 */
#ifndef TESTS_SIMULATION_CALLERS_H
#define TESTS_SIMULATION_CALLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sipprobe/loop/compat.h"

struct peer;
struct pipe;
struct trunk;

enum { CALLERS_TEXT = 900 };

/* A kind of request, and the answer that RFC 3261 wants. */
struct question {
	const char *method, *uri, *cseq_method, *version;
	const char *more;  /* header fields */
	unsigned code;	   /* 0: none at all */
	const char *needs; /* what the answer has to say besides, or NULL */
};

struct call {
	struct call *next;
	struct peer *peer; /* its trunk is NULL: a stranger */
	const struct question *question;
	uint64_t number;
	struct sa from, back; /* where it comes from, and where an answer goes */
	bool rport, waited;
	int64_t came_ns;      /* 0: not yet, or never */
	unsigned came, known; /* copies; those from an address of a trunk's */
	unsigned entitled;    /* answers that are due: within the rate */
	unsigned answered;
	uint64_t told;	   /* requests told of the trunk's, when it came */
	uint64_t same;	   /* hash of the first answer */
	struct pipe *pipe; /* NULL: UDP */
	size_t len;
	char text[CALLERS_TEXT];
};

/* They call from now on. */
void callers_begin(void);

/* A datagram, a message of a connection of the process' to one of them. */
void callers_hear(const struct sa *us, const struct sa *to, const char *text, size_t len);
void callers_hear_stream(const char *text, size_t len, const struct pipe *s);

/* The process sends an answer to a peer, by whatever way. */
void callers_charge(struct trunk *t);

/* The trunk is new: it has all its answers. */
void callers_forgive(struct trunk *t);

/* Answers that a trunk's peers may have now, in thousandths. */
int64_t callers_credit(const struct trunk *t);

/* A header field of the call. */
void callers_field(char *out, size_t size, const struct call *c, const char *name);

struct callers_counts {
	uint64_t calls, answered, strangers, bursts, streams;
};

extern struct callers_counts callers_counts;

#endif

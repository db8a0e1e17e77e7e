/*
 * Why a trunk is down, on one line: verdict, where the way ends, what differs from the
 * last success, what to do. The same in the log, on the page, in the API, from `probe`;
 * its first and last part, which are our own words, in mails too.
 */
#ifndef EXPORTER_ONDEMAND_WHY_H
#define EXPORTER_ONDEMAND_WHY_H

#include <stdio.h>

#include "base/buffer.h"
#include "sipprobe/ondemand.h"

/* A success before the failure. */
struct why_success {
	int64_t unix_ns;     /* when it began; 0: there was none yet */
	uint32_t latency_us; /* of its answer */
	uint16_t code;
	int16_t reply_hops; /* routers that it passed; -1: unknown */
};

struct why {
	const struct probe_result *result;
	const char *address;   /* that was probed, or what was to be resolved */
	const char *transport; /* "" without an address */
	const char *method;
	int64_t timeout_us;
	const struct trace_report *trace;  /* of the same failure; NULL: none */
	const struct why_success *success; /* NULL: nobody kept one */
};

/* "no answer: 192.0.2.1:5060 over udp gave no final answer within 5 s; lost after
 * 10.70.2.2 (hop 2); 4.1 s before it answered 200 after 12 ms. To do: …" */
void why_line(struct buffer *b, const struct why *w);

/* The same of a probe on demand; nothing of one that is not down. */
void why_report(struct buffer *b, const struct ondemand_report *r);

/* What mails say of a reason, and what to do about it. */
struct why_words {
	const char *cause;
	const char *advice;
};

const struct why_words *why_words(enum probe_outcome o);

/* Prints reason, cause and advice, one a line, separated by tabs. */
void why_list(FILE *out);

#endif

/* A probe on demand in words: what it found, and what to do about it. */
#ifndef EXPORTER_ONDEMAND_PROBE_EXPLAIN_H
#define EXPORTER_ONDEMAND_PROBE_EXPLAIN_H

#include "base/buffer.h"
#include "sipprobe/ondemand.h"

/* The URI without its user's password. */
void probe_explain_uri(struct buffer *b, const char *text);

/* "answered 200 OK after 1.2 ms", "gave no final answer within 5 s", … */
void probe_explain_result(struct buffer *b, const struct probe_result *r,
			  int64_t timeout_us);

/* The whole in one sentence. */
void probe_explain_verdict(struct buffer *b, const struct ondemand_report *r);

/* Advice on what to do next, a sentence or more; "" when all is well. */
const char *probe_explain_advice(const struct ondemand_report *r);

/* The same for one result. */
const char *probe_explain_next(const struct probe_result *r);

/* Whole days until @not_after_s, rounded down; negative when it has passed. */
int64_t probe_explain_days(int64_t not_after_s, int64_t now_s);

/* When what the peer must show ends: the verified part of it, or all without one. */
int64_t probe_explain_end_s(const struct engine_certificate *c);

/* "1.2 ms", "3.05 s" */
void probe_explain_time(struct buffer *b, int64_t ns);

/* Addresses that were probed, each once however many methods; and those that work. */
size_t probe_explain_probed(const struct ondemand_report *r);
size_t probe_explain_alive(const struct ondemand_report *r);

/* "192.0.2.1:5060 udp", and the method where it is not OPTIONS. */
void probe_explain_who(struct buffer *b, const struct ondemand_answer *a);

#endif

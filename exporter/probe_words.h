/* A probe on demand in words: what it found, and what to do about it. */
#ifndef EXPORTER_PROBE_WORDS_H
#define EXPORTER_PROBE_WORDS_H

#include "exporter/buffer.h"
#include "sipprobe/once.h"

/* The URI without its user's password. */
void probe_words_uri(struct buffer *b, const char *text);

/* "answered 200 OK after 1.2 ms", "gave no final answer within 5 s", … */
void probe_words_result(struct buffer *b, const struct probe_result *r,
			int64_t timeout_us);

/* The whole in one sentence. */
void probe_words_verdict(struct buffer *b, const struct once_report *r);

/* What to do next, a sentence or more; "" when all is well. */
const char *probe_words_advice(const struct once_report *r);

/* The same for one result. */
const char *probe_words_next(const struct probe_result *r);

/* Whole days until @not_after_s, rounded down; negative when it has passed. */
int64_t probe_words_days(int64_t not_after_s, int64_t now_s);

/* "1.2 ms", "3.05 s" */
void probe_words_time(struct buffer *b, int64_t ns);

/* Addresses that were probed, each once however many methods; and those that work. */
size_t probe_words_probed(const struct once_report *r);
size_t probe_words_alive(const struct once_report *r);

/* "192.0.2.1:5060 udp", and the method where it is not OPTIONS. */
void probe_words_who(struct buffer *b, const struct once_answer *a);

#endif

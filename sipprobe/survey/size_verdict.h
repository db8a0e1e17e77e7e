/*
 * What answers to questions of several sizes say of the way. Pure: no clock, no socket.
 *
 * Padding in a header field makes the request large alone, as answers do not repeat it;
 * in a Via parameter it makes the answer large too (RFC 3261 8.2.6.2). Over IPv4 a router
 * may cut a datagram that has no DF; over IPv6 only its sender may.
 */
#ifndef SIPPROBE_SURVEY_SIZE_VERDICT_H
#define SIPPROBE_SURVEY_SIZE_VERDICT_H

#include <stdbool.h>

#include "sipprobe/survey.h"

/* The questions, in their order. */
enum size_question {
	SIZE_SMALL,
	SIZE_REQUEST, /* large, may be cut */
	SIZE_BOTH,    /* the same, and its answer is as large */
	SIZE_WHOLE,   /* as large as one packet of our network; may not be cut */
	SIZE_CUT,     /* that one once more, which may be cut */
	SIZE_AGAIN,   /* the small one, if one was not answered */
	SIZE_QUESTIONS,
};

enum size_answer {
	SIZE_UNASKED,
	SIZE_ANSWERED,
	SIZE_SILENT,
	SIZE_TOLD, /* a router said that it was too long */
	SIZE_UNSENT,
};

struct size_answers {
	uint8_t how[SIZE_QUESTIONS];   /* enum size_answer */
	uint16_t code[SIZE_QUESTIONS]; /* of an answer */
	uint32_t bytes;
	uint32_t whole_bytes;
	uint32_t path_mtu;
	char router[48];
	bool ipv6;
};

/* Whether a question is to be asked, after those before it. */
bool size_verdict_wants(const struct size_answers *a, enum size_question q);

/*
 * Of one check. SURVEY_UNKNOWN: it says nothing, as a small question was not answered,
 * before or after.
 */
enum survey_verdict size_verdict_of(const struct size_answers *a);

/* What was said of a peer so far; zeroed: nothing. */
struct size_memory {
	uint8_t said;  /* enum survey_verdict */
	uint8_t last;  /* of the last check … */
	uint8_t row;   /* … and how often in a row */
	uint16_t code; /* by which large requests were refused the last time */
	uint8_t failed[SURVEY_SIZES];
	int8_t success[SURVEY_SIZES]; /* 1 + what the report has; 0: unknown */
};

/* Takes in a check: what is wrong is said when it was seen twice in a row. */
void size_memory_add(struct size_memory *m, const struct size_answers *a,
		     struct survey_size_report *out);

#endif

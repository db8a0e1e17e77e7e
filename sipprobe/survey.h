/*
 * What is learnt of the way to a peer by more questions than a probe asks, as values
 * without pointers: other layers see them.
 */
#ifndef SIPPROBE_SURVEY_H
#define SIPPROBE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked by size: metrics' `size`. */
enum survey_size {
	SURVEY_SMALL,
	SURVEY_LARGE_REQUEST, /* with an answer that is small */
	SURVEY_LARGE_BOTH,
	SURVEY_SIZES,
};

enum survey_verdict {
	SURVEY_UNKNOWN,	      /* nothing was said twice yet */
	SURVEY_FINE,	      /* all of it passes */
	SURVEY_LIMITED,	      /* the peer answers large requests by a code of its own */
	SURVEY_FRAGMENTS_OUT, /* our fragments do not arrive */
	SURVEY_FRAGMENTS_BACK,
	SURVEY_LARGE_OUT,  /* nothing large arrives, in fragments or whole */
	SURVEY_BLACK_HOLE, /* what may not be cut vanishes, and nobody says so */
	SURVEY_VERDICTS,
};

enum { SURVEY_WORDS = 256 };

struct survey_size_report {
	uint8_t verdict;	      /* enum survey_verdict, after two in a row */
	int8_t success[SURVEY_SIZES]; /* 1, 0; -1: not known yet */
	uint16_t code;		      /* of SURVEY_LIMITED, the peer's answer */
	uint32_t bytes;		      /* of a large request */
	uint32_t whole_bytes;	      /* of the largest that was not cut */
	uint32_t path_mtu;	      /* bytes, as ICMP said; 0: it did not */
	char router[48];	      /* which router that was, or "" */
	bool ipv6;		      /* where only the sender cuts */
};

/* Round trips of the last train; metrics' `stat`. */
enum survey_rtt {
	SURVEY_RTT_MIN,
	SURVEY_RTT_MEDIAN,
	SURVEY_RTT_MAX,
	SURVEY_RTTS,
};

/* Of one train: requests at short distances, of which none is sent again. */
struct survey_train_report {
	uint32_t requests;
	uint32_t answers;
	uint32_t reordered; /* answered after a later one */
	bool limited; /* somebody counts requests: what it says of loss is nothing */
	int64_t rtt_ns[SURVEY_RTTS]; /* with answers */
	int64_t jitter_ns; /* mean change from one round trip to the next; -1: unknown */
};

/* "min", "median", "max". */
const char *survey_rtt_name(enum survey_rtt r);

/* "small", "large_request", "large_both". */
const char *survey_size_name(enum survey_size s);

/* "unknown", "fine", "limited", "fragments_out", …: for machines. */
const char *survey_verdict_name(enum survey_verdict v);

/* The same as a sentence, without a full stop. @out: SURVEY_WORDS of room */
void survey_size_words(char *out, size_t size, const struct survey_size_report *r);

#endif

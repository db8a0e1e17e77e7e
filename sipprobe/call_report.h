/*
 * What one call showed, by value and without libre's types: the exporter sees it. Times
 * are nanoseconds; -1: it did not come to that.
 */
#ifndef SIPPROBE_CALL_REPORT_H
#define SIPPROBE_CALL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sipprobe/media_report.h"

/* Why a call failed; metrics' `reason`. */
enum call_failure {
	CALL_FAILURE_NONE,
	CALL_FAILURE_NO_RINGING,  /* neither 18x nor an answer before the deadline */
	CALL_FAILURE_NO_ANSWER,	  /* it rang, and nobody answered */
	CALL_FAILURE_REJECTED,	  /* a final response other than 2xx */
	CALL_FAILURE_NO_MEDIA,	  /* answered, and no packet of audio came */
	CALL_FAILURE_ONE_WAY,	  /* audio went one way only */
	CALL_FAILURE_NONCE,	  /* what we said was not heard: somebody else speaks */
	CALL_FAILURE_CODEC,	  /* the peer's SDP cannot be used */
	CALL_FAILURE_ENDED_EARLY, /* the peer hung up before we did, or never let go */
	CALL_FAILURE_LIMIT,	  /* not made: a limit of `calls`, or they are stopped */
	CALL_FAILURE_INTERNAL,	  /* our own machinery */
	CALL_FAILURES,
};

/* "ring", "answer", "echo", "loop", as `call.mode` has them. */
const char *call_mode_name(unsigned mode);

/* "no_ringing", "no_answer", …; "" for none. */
const char *call_failure_name(enum call_failure f);

/* What was heard. */
struct call_media {
	struct media_report near; /* at our end: what came towards us */
	struct media_report far;  /* in a loop, at the end that was called */
	char caller_id[64];	  /* in a loop, user part of From as it came back */
};

/*
 * A copy of its own, a single block; call_media_free() wipes it: it may be what people
 * said. Any thread.
 *
 * @whole: with the sound and packets of our own end
 *
 * Returns NULL without memory.
 */
struct call_media *call_media_copy(const struct call_media *from, bool whole);
void call_media_free(struct call_media *m); /* NULL is none */

/* How much memory a copy takes. */
size_t call_media_bytes(const struct call_media *m);

struct call_report {
	bool made;	 /* an INVITE left */
	bool answered;	 /* by a 2xx */
	bool late;	 /* once we had given it up */
	bool ended;	 /* its BYE or CANCEL had a final answer, or the peer's came */
	bool has_media;	 /* `near` is there */
	bool has_far;	 /* `far` is there */
	uint8_t mode;	 /* enum config_call_mode */
	uint8_t failure; /* enum call_failure */
	uint8_t forks;	 /* answers besides the first, all hung up */
	int64_t post_dial_ns;	/* INVITE to the first 180 or 183 */
	int64_t answer_ns;	/* INVITE to 2xx */
	int64_t response_ns;	/* INVITE to its final response, whatever that was */
	int64_t talk_ns;	/* 2xx to the end of the call: what it costs */
	int64_t first_audio_ns; /* 2xx, or SDP before it, to the first RTP */
	/* Both ends' audio; only while it is told of, as few keep so much. NULL: none */
	const struct call_media *media;
};

static inline struct call_report call_report_none(void)
{
	return (struct call_report){
		.post_dial_ns = -1,
		.answer_ns = -1,
		.response_ns = -1,
		.first_audio_ns = -1,
	};
}

#endif

/* A target's probe under way: there as long as the probe, and for its report. */
#ifndef SIPPROBE_TARGET_TARGET_ATTEMPT_H
#define SIPPROBE_TARGET_TARGET_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

struct target;
struct target_notes;

struct attempt {
	int64_t begun_unix_ns;
	int64_t rx_ns;	 /* its last final response came */
	int64_t sent_ns; /* first sending of the request; 0: not yet */
	/* When the next retransmission is due, or the next try to connect; 0: none. */
	int64_t resend_ns;
	int64_t resend_every_ns;
	int64_t copied_ns; /* last sending of the request */
	int64_t held_ns;   /* by how much later it ends: so long did we stand still */
	int64_t look_ns; /* when to see whether a kept connection lives; 0: not at all */
	int64_t replaced_ns; /* a kept connection was given up for another; 0: no */
	struct target_notes *notes; /* owned; NULL: nothing worth noting yet */
	char *elsewhere; /* owned; what came from another place, in words; or NULL */
	const char *garbage_why; /* what was wrong with bytes of the peer's; or NULL */
	const char
		*mismatch; /* what of an answer with our branch was another's; or NULL */
	int send_err;	   /* this machine refused the last copy; 0: it went out */
	uint16_t retransmissions;
	uint16_t copies;       /* of the request under way that were sent */
	uint16_t provisionals; /* provisional responses to it */
	uint16_t mark; /* copy that its final response was made for; 0: it does not say */
	uint8_t resized;  /* copies sent again since the path takes less */
	bool left;	  /* one of its copies went out */
	bool held;	  /* it was given its time once more */
	bool garbage_sip; /* the bytes that were wrong meant to be SIP */
	bool heard;	  /* a provisional response came from where it should */
	bool reused;	  /* runs on a connection that an earlier probe opened */
};

/*
 * Begins a probe of the target, or the one under way anew (@held): sets t->attempt, and
 * t->pending.
 *
 * Returns 0 or ENOMEM; then too the probe is under way, but is to fail at once.
 */
int attempt_begin(struct target *t, bool held);

/* The probe has been told of, or is nobody's any more: what is left of it goes. */
void attempt_end(struct target *t);

/* When the request was last sent again by this probe, or the last one; 0: it was not. */
int64_t attempt_copied_ns(const struct target *t);

/* Ends the probe under way, if there is one, untold. */
void attempt_drop(struct target *t);

#endif

/*
 * What is known of one peer: the fingerprints that it was seen with last, and by that
 * what of a further one is new. A trait has changed that no fingerprint of the same
 * status code has: servers that take turns behind one address are told once, and not at
 * each answer.
 */
#ifndef SIPPROBE_FINGERPRINT_FINGERPRINT_HISTORY_H
#define SIPPROBE_FINGERPRINT_FINGERPRINT_HISTORY_H

#include "sipprobe/fingerprint/fingerprint.h"

/* Of a code, as so many servers may take turns; codes, of more the oldest goes. */
enum { FINGERPRINT_HISTORY_KEPT = 4, FINGERPRINT_HISTORY_CODES = 3 };

struct fingerprint_history_older;

/* Embedded in what is probed; zeroed at first. */
struct fingerprint_history {
	struct fingerprint *last;		/* a reference; NULL: none was seen yet */
	struct fingerprint_history_older *more; /* owned; NULL: it was always the last */
	uint32_t raw_hash;			/* of the last answer; 0: none yet */
	uint32_t since_s;			/* epoch, the last one is known */
};

/* Who is told. @traits: bits 1 << enum peer_trait, all that were ever seen */
struct fingerprint_handlers {
	void (*shown_h)(unsigned traits, void *arg);
	void (*changed_h)(const struct peer_change *c, void *arg);
	void *arg;
};

/*
 * Whether it was seen with this raw hash of late, so that there is nothing to be looked
 * at; then that fingerprint is the last one now.
 */
bool fingerprint_history_knows(struct fingerprint_history *a, uint32_t raw_hash);

/*
 * Takes in another fingerprint, and tells what is new of it.
 *
 * @raw_hash: of the answer; 0: it is a handshake's
 * @unix_ns: wall clock
 *
 * Returns 0 or ENOMEM; then it is as if it had not been seen.
 */
int fingerprint_history_add(struct fingerprint_history *a, struct fingerprint *p,
			    uint32_t raw_hash, int64_t unix_ns,
			    const struct fingerprint_handlers *handlers);

void fingerprint_history_clear(struct fingerprint_history *a);

#endif

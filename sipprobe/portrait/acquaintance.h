/*
 * What is known of one peer: the portraits that it was seen with last, and by that what
 * of a further one is new. A trait has changed that no portrait of the same status code
 * has: servers that take turns behind one address are told once, and not at each answer.
 */
#ifndef SIPPROBE_PORTRAIT_ACQUAINTANCE_H
#define SIPPROBE_PORTRAIT_ACQUAINTANCE_H

#include "sipprobe/portrait/portrait.h"

enum {
	ACQUAINTANCE_KEPT = 4,	/* portraits of a code: so many servers may take turns */
	ACQUAINTANCE_CODES = 3, /* of more the oldest portrait goes */
};

struct acquaintance_more;

/* Embedded in what is probed; zeroed at first. */
struct acquaintance {
	struct portrait *last;		/* a reference; NULL: it was not seen yet */
	struct acquaintance_more *more; /* owned; NULL: it always looked like that */
	uint32_t glance;		/* of what the last answer showed; 0: none yet */
	uint32_t since_s;		/* the last portrait is known, since the epoch */
};

/* Who is told. @traits: bits 1 << enum peer_trait, all that were ever seen */
struct acquaintance_ear {
	void (*shown_h)(unsigned traits, void *arg);
	void (*changed_h)(const struct peer_change *c, void *arg);
	void *arg;
};

/*
 * Whether it was seen with this glance of late, so that there is nothing to be looked at;
 * then that portrait is the last one now.
 */
bool acquaintance_recalls(struct acquaintance *a, uint32_t glance);

/*
 * Takes in another portrait, and tells what is new of it.
 *
 * @glance: of the answer; 0: it is a handshake's
 * @unix_ns: wall clock
 *
 * Returns 0 or ENOMEM; then it is as if it had not been seen.
 */
int acquaintance_take(struct acquaintance *a, struct portrait *p, uint32_t glance,
		      int64_t unix_ns, const struct acquaintance_ear *ear);

void acquaintance_clear(struct acquaintance *a);

#endif

/* The ladder of a target's probe: noted on the way, put together at its end. */
#ifndef SIPPROBE_TARGET_TARGET_LADDER_H
#define SIPPROBE_TARGET_TARGET_LADDER_H

#include "sipprobe/ladder.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/probe.h"

struct target;

/*
 * For the ladder: something that leaves no trace otherwise, during a probe only. @msg may
 * be NULL. Returns whether there was room for it.
 */
bool target_note(struct target *t, enum ladder_kind kind, int64_t at_ns, const char *msg,
		 size_t len);

/* The same in words of ours, for the kinds that have no message. */
void target_note_words(struct target *t, enum ladder_kind kind, int64_t at_ns,
		       const char *words);

/* The same for a response that does not end the probe. Returns as target_note(). */
bool target_note_response(struct target *t, const struct guard_message *m, int64_t rx_ns);

/* The same for a final one, which may end it: the ladder's end does not show it again. */
void target_note_final(struct target *t, const struct guard_message *m, int64_t rx_ns);

/* Before the request under way is replaced by another one of the same probe. */
void target_note_next_request(struct target *t);

/* The request under way counts as sent now: where it was noted, it is not another one. */
void target_note_sent_anew(struct target *t);

/* Forgets what was noted for the ladder. */
void target_notes_free(struct target *t);

/* At a probe's end, to whoever wants it. @m: the final response, or NULL */
void target_tell_ladder(struct target *t, const struct probe_result *r,
			const struct guard_message *m);

#endif

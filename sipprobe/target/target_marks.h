/*
 * Numbered copies of a target's requests (`mark_copies`): what the numbers in answers say
 * of the peer and of single copies. Whether the peer keeps state shows by two answers to
 * one request; over a short way there are no two, so after some answers the request is
 * sent once more, and what that brings counts for nothing else. A target without the
 * setting has none of this.
 */
#ifndef SIPPROBE_TARGET_TARGET_MARKS_H
#define SIPPROBE_TARGET_TARGET_MARKS_H

#include <stdbool.h>
#include <stdint.h>

struct guard_message;
struct loss_request;
struct probe_loss;
struct target;

/* Sets t->marks, or leaves it NULL where nothing is numbered. Returns 0 or ENOMEM. */
int target_marks_alloc(struct target *t);

/* The copy that a response says it was made for; 0: none, or one that was never sent. */
uint16_t target_marks_copy(const struct target *t, const struct guard_message *m,
			   unsigned copies);

/*
 * Notes which copy the final response to the request under way was made for. Returns
 * whether it is in the ladder by now.
 */
bool target_marks_final(struct target *t, const struct guard_message *m, int64_t rx_ns);

/* That request ended the probe: it is sent once more, if there is something to learn. */
void target_marks_ask(struct target *t);

/* Takes what answers that alone. Returns whether it did. */
bool target_marks_answer(struct target *t, const struct guard_message *m);

/* How long the way was there and back, where the answer says which copy it is to; 0. */
int64_t target_marks_way_us(const struct target *t, const struct loss_request *r);

/* Adds the direction of what loss_settle() counted. */
void target_marks_settle(struct target *t, const struct loss_request *r,
			 struct probe_loss *loss);

#endif

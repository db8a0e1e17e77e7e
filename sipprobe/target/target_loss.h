/*
 * A target's requests over UDP until they are settled: answered copy by copy, which most
 * are at once, or so old that nothing comes any more. Only those that wait take memory.
 */
#ifndef SIPPROBE_TARGET_TARGET_LOSS_H
#define SIPPROBE_TARGET_TARGET_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "sipprobe/message/guard.h"

struct probe_loss;
struct target;

/*
 * The request under way is done with: no copy of it is sent any more.
 *
 * @rx_ns: when its final response came, or 0
 */
void target_loss_end(struct target *t, int64_t rx_ns);

/*
 * Counts a response to an earlier request, or a further one to the last.
 *
 * Returns whether it was to one that waits; then @late says whether its probe had ended
 * without a final response.
 */
bool target_loss_response(struct target *t, const struct guard_message *m, bool *late);

/* A final response to a request that was given up before. */
void target_loss_belated(struct target *t);

/* One more to the last request, which is settled. */
void target_loss_duplicate(struct target *t);

/* Tells what is counted now, if it is anything. */
void target_loss_tell(struct target *t, const struct probe_loss *loss);

/* Forgets all that waits. */
void target_loss_free(struct target *t);

#endif

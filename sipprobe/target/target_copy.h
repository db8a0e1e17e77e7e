/* One sending of a target's request over UDP, the first or a retransmission. */
#ifndef SIPPROBE_TARGET_TARGET_COPY_H
#define SIPPROBE_TARGET_TARGET_COPY_H

struct target;

/*
 * Sends a copy of the request under way.
 *
 * Returns 0, also when this machine dropped it and another copy may pass; else errno.
 */
int target_copy(struct target *t);

#endif

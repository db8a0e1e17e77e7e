/* The client transaction of a target over UDP, and over whatever transport it has. */
#ifndef SIPPROBE_TARGET_TARGET_UDP_H
#define SIPPROBE_TARGET_TARGET_UDP_H

struct target;

/*
 * Sends the probe's request over the target's transport: a client transaction, over UDP
 * with retransmissions (RFC 3261 17.1.2). Returns 0 or errno.
 */
int target_transact(struct target *t);

/*
 * Sends a copy of the request under way over UDP.
 *
 * Returns 0, also when this machine dropped it and another copy may pass; else errno.
 */
int target_copy(struct target *t);

#endif

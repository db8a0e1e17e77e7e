/* The client transaction of a target over UDP, and over whatever transport it has. */
#ifndef SIPPROBE_TARGET_TARGET_UDP_H
#define SIPPROBE_TARGET_TARGET_UDP_H

struct target;

/*
 * Sends the probe's request over the target's transport: a client transaction, over UDP
 * with retransmissions (RFC 3261 17.1.2). Returns 0 or errno.
 */
int target_transact(struct target *t);

#endif

/* The request of a target's probe: made when it is needed, stamped each time. */
#ifndef SIPPROBE_TARGET_TARGET_REQUEST_H
#define SIPPROBE_TARGET_TARGET_REQUEST_H

struct sa;
struct target;

/* Makes the request's bytes for our end's address @local. */
int target_make_request(struct target *t, const struct sa *local);

/* Gives the request fresh tokens, keeping what a late answer to the last would show. */
int target_stamp(struct target *t);

#endif

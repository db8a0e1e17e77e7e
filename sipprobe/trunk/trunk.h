/* A trunk: its name's addresses, a target for each, and the state that sums them up. */
#ifndef SIPPROBE_TRUNK_TRUNK_H
#define SIPPROBE_TRUNK_TRUNK_H

#include "sipprobe/trunk/trunk_group.h"

struct trunk;

/* Only makes the object. Returns 0 or ENOMEM. Freed with mem_deref(). */
int trunk_alloc(struct trunk **tp, struct trunk_group *group,
		const struct config_trunk *conf);

/*
 * Says whose place it takes at a reload, before that goes: calls are made no sooner for
 * it. Without memory for that they are.
 */
void trunk_follow(struct trunk *t, const struct trunk *former);

/* Tells the listener of it and begins to resolve its name; an address is left for later.
 */
void trunk_start(struct trunk *t);

/* Looks again at the certificate it shows, and at its name. */
void trunk_renew(struct trunk *t);

/* Whether its host is an address and trunk_begin() is still to be called. */
bool trunk_waits(const struct trunk *t);

/* Makes its targets. Returns 0; or ENOMEM, then it waits still. */
int trunk_begin(struct trunk *t);

/* Goes on under an equal description of a newer configuration. */
void trunk_move(struct trunk *t, const struct config_trunk *conf);

/*
 * Says whether a trunk that registers the same takes its place when it goes: then what it
 * holds is left to that for a while.
 */
void trunk_expect(struct trunk *t, bool succeeded);

/*
 * After another resolver came into force: asks for its name, if it was just being asked
 * for, or if none of its addresses answers.
 */
void trunk_resolve_again(struct trunk *t);

/* Pauses it, or has it go on, as its description and the wall clock say now. */
void trunk_review_pause(struct trunk *t);

/* Its description in force. */
const struct config_trunk *trunk_conf(const struct trunk *t);

/* Tells when the certificate that the trunk shows its peer expires, if it shows one. */
void trunk_tell_certificate(const struct trunk *t);

/* Addresses wanted: one to send from reaches its own family only. */
enum config_family trunk_family(const struct config_settings *s);

#endif

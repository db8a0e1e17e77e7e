/* The name of a trunk: resolved ahead of need, for as long as the trunk lives. */
#ifndef SIPPROBE_TRUNK_TRUNK_NAMES_H
#define SIPPROBE_TRUNK_TRUNK_NAMES_H

#include <stdbool.h>

#include "sipprobe/health.h"

struct naming; /* mem_deref() */
struct trunk;

/* Whether the trunk's host is an address: once that is known to be good it is done. */
bool naming_is_brief(const struct trunk *t);

/* Returns 0 or ENOMEM. Nothing is resolved yet. */
int naming_alloc(struct naming **np, struct trunk *t);

/*
 * Begins a resolution, which of an address ends at once, and @n with it. Its end sets the
 * trunk's addresses, or that of the last probe that was under way to one of those that
 * go.
 */
void naming_resolve(struct naming *n);

/*
 * After a reload, which put another resolver in force. The same where one is under way,
 * whose resolver took it along unanswered; and where no address answers: the new resolver
 * has nothing remembered, so who reloads after a change of DNS sees it at once.
 */
void naming_restart(struct naming *n);

/*
 * After a change of state: while no address answers, the next resolution comes sooner
 * than the TTL's end, since an outage may be mended by a change of DNS.
 */
void naming_review(struct naming *n);

/* By resolutions alone, for as long as there is no address. @n: NULL: unknown */
enum health_state naming_state(const struct naming *n);

#endif

/*
 * How many requests one destination gets in a short time, all trunks together: who counts
 * them by source address (Kamailio's pike, fail2ban) cuts off the trunk's own probes when
 * it gets too many. Pure: no clock, no socket.
 */
#ifndef SIPPROBE_SURVEY_SURVEY_BUDGET_H
#define SIPPROBE_SURVEY_SURVEY_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SURVEY_BUDGET = 10,	  /* requests … */
	SURVEY_BUDGET_MS = 2000,  /* … in so long */
	SURVEY_BUDGET_TIMES = 64, /* of other requests that are looked at */
};

/* When other requests to the same address went out or will; monotonic, in any order. */
struct survey_times {
	bool checks; /* set by who asks: what checks of sizes have yet to ask, too */
	int64_t at_ns[SURVEY_BUDGET_TIMES];
	size_t count; /* past SURVEY_BUDGET_TIMES: there are more */
};

void survey_times_add(struct survey_times *t, int64_t at_ns);

/*
 * How many requests of ours may go out beside them, whenever they do. Sorts @t.
 */
unsigned survey_budget_room(struct survey_times *t);

#endif

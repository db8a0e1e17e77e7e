/*
 * How often people may have a trunk probed: a button is pressed in haste, and whoever
 * can read the page can press it by a script. Knows no clock.
 */
#ifndef EXPORTER_ONDEMAND_PROBE_LIMIT_H
#define EXPORTER_ONDEMAND_PROBE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROBE_LIMIT_BURST = 10,	 /* at once, of all trunks; one a second after that */
	PROBE_LIMIT_AGAIN_S = 3, /* until the same trunk again */
	/* As many as can begin within that time. */
	PROBE_LIMIT_RECENT = PROBE_LIMIT_BURST + PROBE_LIMIT_AGAIN_S + 1,
};

/* Zeroed at first. */
struct probe_limit {
	struct {
		uint64_t hash;
		int64_t at_ns;
	} recent[PROBE_LIMIT_RECENT]; /* a ring */
	size_t next;
	int64_t full_ns; /* when all of the burst may be had again */
};

/* Whether a probe of @target may begin at @now_ns (monotonic); then it is counted. */
bool probe_limit_take(struct probe_limit *l, const char *target, int64_t now_ns);

#endif

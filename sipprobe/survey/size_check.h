/*
 * One check of what sizes pass: a few questions after one another over a socket of its
 * own, each sent up to three times as packets get lost besides, and only while the peer's
 * address may be asked. Main thread only.
 */
#ifndef SIPPROBE_SURVEY_SIZE_CHECK_H
#define SIPPROBE_SURVEY_SIZE_CHECK_H

#include "config/config.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/survey/survey_host.h"
#include "sipprobe/survey/size_verdict.h"

struct size_check; /* mem_deref() ends it untold */

struct size_check_events {
	/* Whether the peer's address may be asked once more now. */
	bool (*room_h)(void *arg);
	/* @a: NULL: the address had no room, and nothing is known */
	void (*done_h)(const struct size_answers *a, void *arg);
};

/*
 * Begins one. done_h runs once, from the loop, and never inside this call; the check may
 * be freed in it.
 *
 * Returns 0 or errno.
 */
int size_check_alloc(struct size_check **cp, const struct survey_host *host,
		     const struct size_check_events *events, void *arg);

/* What it sent in the last SURVEY_BUDGET_MS, and where wanted what it has yet to ask. */
void size_check_times(const struct size_check *c, struct survey_times *out);

#endif

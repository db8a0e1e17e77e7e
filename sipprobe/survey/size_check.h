/*
 * One check of what sizes pass: a few questions after one another over a socket of its
 * own, each sent up to three times as packets get lost besides. Main thread only.
 */
#ifndef SIPPROBE_SURVEY_SIZE_CHECK_H
#define SIPPROBE_SURVEY_SIZE_CHECK_H

#include "config/config.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/survey/survey_host.h"
#include "sipprobe/survey/size_verdict.h"

struct size_check; /* mem_deref() ends it untold */

/*
 * Begins one. @h runs once, from the loop, and never inside this call; the check may be
 * freed in it.
 *
 * Returns 0 or errno.
 */
int size_check_alloc(struct size_check **cp, const struct survey_host *host,
		     void (*h)(const struct size_answers *a, void *arg), void *arg);

#endif

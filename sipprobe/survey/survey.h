/*
 * What a trunk's peer is asked besides probes, while it answers those: once in so many
 * probes what sizes pass (`size`), and once in a while a train of requests (`train`). It
 * changes no state and counts in no figure of probes. Main thread only.
 */
#ifndef SIPPROBE_SURVEY_SURVEY_H
#define SIPPROBE_SURVEY_SURVEY_H

#include "sipprobe/survey/survey_host.h"

struct survey; /* mem_deref() ends what is under way, untold */

/* @host: kept by the caller while it lives. Returns 0 or ENOMEM. */
int survey_alloc(struct survey **sp, const struct survey_host *host);

/* A probe ended. @well: it was answered, and the trunk is not down */
void survey_probed(struct survey *s, bool well);

/* Whether a check of sizes is due with the @nth probe from now on; 1: the next */
bool survey_checks_with(const struct survey *s, unsigned nth);

/* When its own requests went out in the last SURVEY_BUDGET_MS, and will. */
void survey_times(const struct survey *s, struct survey_times *out);

#endif

/*
 * A train: some requests at short distances, each a transaction of its own that is not
 * sent again, over a socket of its own. Main thread only.
 */
#ifndef SIPPROBE_SURVEY_TRAIN_H
#define SIPPROBE_SURVEY_TRAIN_H

#include "sipprobe/survey/survey_budget.h"
#include "sipprobe/survey/survey_host.h"

struct train; /* mem_deref() ends it untold */

/*
 * Begins one of @count requests. @h runs once, from the loop, and never inside this call;
 * the train may be freed in it.
 *
 * Returns 0 or errno.
 */
int train_alloc(struct train **tp, const struct survey_host *host, unsigned count,
		void (*h)(const struct survey_train_report *r, void *arg), void *arg);

/* When its requests went out, and will. */
void train_times(const struct train *t, struct survey_times *out);

#endif

/* What a survey asks of whose peer it is about. */
#ifndef SIPPROBE_SURVEY_SURVEY_HOST_H
#define SIPPROBE_SURVEY_SURVEY_HOST_H

#include "config/config.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/message/request.h"
#include "sipprobe/survey.h"
#include "sipprobe/survey/survey_budget.h"

/* What sets a question apart from a probe. */
struct survey_question {
	const struct sa *local; /* our end */
	const char *fields;	/* more header fields, with their line ends; or NULL */
	const char
		*via; /* more parameters of its Via, each with its semicolon; or NULL */
};

struct survey_host {
	struct ticker *ticker;
	const struct sa *peer;
	const char *method; /* of its probes, and of questions */
	/* In force now. */
	const struct config_settings *(*settings_h)(void *arg);
	/* Makes and stamps a request. Returns 0 or errno. */
	int (*make_h)(struct request *r, const struct survey_question *q, void *arg);
	/* What is known by a check of sizes. */
	void (*size_h)(const struct survey_size_report *r, void *arg);
	/* One train. NULL: none is made */
	void (*train_h)(const struct survey_train_report *r, void *arg);
	/*
	 * When requests of other kinds, and of others, to the peer's address went out in
	 * the last SURVEY_BUDGET_MS, and will in the @ahead_ns to come and that time
	 * after it.
	 */
	void (*times_h)(struct survey_times *out, int64_t ahead_ns, void *arg);
	void *arg;
};

#endif

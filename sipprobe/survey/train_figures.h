/* What a train of requests shows: loss, round trips, jitter, order. Pure. */
#ifndef SIPPROBE_SURVEY_TRAIN_FIGURES_H
#define SIPPROBE_SURVEY_TRAIN_FIGURES_H

#include "sipprobe/survey.h"

enum { TRAIN_MAX = 10 };

/* Requests by the order in which they were sent. */
struct train_shots {
	uint8_t sent;
	uint8_t heard;		  /* answers to different ones */
	uint8_t order[TRAIN_MAX]; /* of answers, by request; from 1; 0: none came */
	int64_t sent_ns[TRAIN_MAX];
	int64_t heard_ns[TRAIN_MAX];
};

/* A first answer to request @i; further ones are nothing. */
void train_shots_hear(struct train_shots *t, unsigned i, int64_t at_ns);

void train_shots_judge(const struct train_shots *t, struct survey_train_report *out);

#endif

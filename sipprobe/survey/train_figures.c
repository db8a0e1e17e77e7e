#include "sipprobe/survey/train_figures.h"

#include <stdlib.h>

enum { TRAIN_CUT_OFF = 3 }; /* the last ones of a train, if all before were answered */

void train_shots_hear(struct train_shots *t, unsigned i, int64_t at_ns)
{
	if (i >= t->sent || t->order[i])
		return;
	t->order[i] = ++t->heard;
	t->heard_ns[i] = at_ns > t->sent_ns[i] ? at_ns : t->sent_ns[i];
}

/*
 * The trunk's probe was answered right before. None of a train, or none of its end where
 * all of its begin was, is who counts requests, not who loses them.
 */
static bool train_is_limited(const struct train_shots *t)
{
	unsigned before = 0;

	while (before < t->sent && t->order[before])
		before++;
	if (before != t->heard)
		return false;
	return !before ? t->sent > 1 : t->sent - before >= TRAIN_CUT_OFF;
}

static int train_compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Those whose answer came after that of a later request. */
static uint32_t train_reordered(const struct train_shots *t)
{
	uint32_t count = 0;
	uint8_t first = UINT8_MAX;

	for (unsigned i = t->sent; i--;) {
		if (!t->order[i])
			continue;
		count += t->order[i] > first;
		if (t->order[i] < first)
			first = t->order[i];
	}
	return count;
}

void train_shots_judge(const struct train_shots *t, struct survey_train_report *out)
{
	int64_t rtt_ns[TRAIN_MAX], before_ns = 0, sum_ns = 0;
	unsigned n = 0;

	*out = (struct survey_train_report){.requests = t->sent,
					    .answers = t->heard,
					    .jitter_ns = -1,
					    .reordered = train_reordered(t),
					    .limited = train_is_limited(t)};
	for (unsigned i = 0; i < t->sent; i++) {
		if (!t->order[i])
			continue;
		rtt_ns[n] = t->heard_ns[i] - t->sent_ns[i];
		if (n)
			sum_ns += llabs(rtt_ns[n] - before_ns);
		before_ns = rtt_ns[n++];
	}
	if (!n)
		return;
	if (n > 1)
		out->jitter_ns = sum_ns / (n - 1);
	qsort(rtt_ns, n, sizeof(rtt_ns[0]), train_compare);
	out->rtt_ns[SURVEY_RTT_MIN] = rtt_ns[0];
	out->rtt_ns[SURVEY_RTT_MEDIAN] =
		n % 2 ? rtt_ns[n / 2] : (rtt_ns[n / 2 - 1] + rtt_ns[n / 2]) / 2;
	out->rtt_ns[SURVEY_RTT_MAX] = rtt_ns[n - 1];
}

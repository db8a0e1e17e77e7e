/* What trains show: tables of answers, in the order and at the times that they came. */
#include "sipprobe/survey/train_figures.h"

#include <stdio.h>

#include "base/clock.h"
#include "tests/unit/tap.h"

enum { GAP_MS = 20 };

/* Requests are 20 ms apart; each answer is the number of its request and its time. */
static const struct {
	const char *name;
	unsigned sent;
	struct {
		unsigned request; /* from 1; 0 ends them */
		int at_ms;
	} heard[12];
	const char *want; /* answers reordered limited, min median max jitter in ms */
} cases[] = {
	{"all, alike", 3, {{1, 5}, {2, 25}, {3, 45}}, "3 0 0, 5 5 5 0"},
	{"jitter is the change from one to the next",
	 4,
	 {{1, 5}, {2, 35}, {3, 45}, {4, 75}},
	 "4 0 0, 5 10 15 10"},
	{"one is missing: the change is to the one before it",
	 3,
	 {{1, 5}, {3, 55}},
	 "2 0 0, 5 10 15 10"},
	{"one overtakes another", 3, {{2, 25}, {1, 26}, {3, 45}}, "3 1 0, 5 5 26 10"},
	{"all the other way round", 3, {{3, 45}, {2, 46}, {1, 47}}, "3 2 0, 5 26 47 21"},
	{"an answer that comes twice", 2, {{1, 5}, {1, 6}, {2, 25}}, "2 0 0, 5 5 5 0"},
	{"one alone has no jitter", 3, {{2, 25}}, "1 0 0, 5 5 5 -1"},
	{"none of ten: somebody counts", 10, {{0, 0}}, "0 0 1, 0 0 0 -1"},
	{"none of one says nothing", 1, {{0, 0}}, "0 0 0, 0 0 0 -1"},
	{"the last three after all others",
	 6,
	 {{1, 5}, {2, 25}, {3, 45}},
	 "3 0 1, 5 5 5 0"},
	{"the last two are loss", 5, {{1, 5}, {2, 25}, {3, 45}}, "3 0 0, 5 5 5 0"},
	{"the last three, and one before", 6, {{1, 5}, {3, 45}}, "2 0 0, 5 5 5 0"},
	{"a request that was never sent", 2, {{1, 5}, {3, 45}}, "1 0 0, 5 5 5 -1"},
	{"stamps before the sending are no time",
	 2,
	 {{1, -5}, {2, 25}},
	 "2 0 0, 0 2 5 5"},
};

static int ms(int64_t ns)
{
	return ns < 0 ? -1 : (int)(ns / CLOCK_NS_PER_MS);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct train_shots t = {.sent = (uint8_t)cases[i].sent};
		struct survey_train_report r;
		char text[64];

		for (int k = 0; k < TRAIN_MAX; k++)
			t.sent_ns[k] = k * GAP_MS * CLOCK_NS_PER_MS;
		for (int k = 0; k < 12 && cases[i].heard[k].request; k++)
			train_shots_hear(&t, cases[i].heard[k].request - 1,
					 cases[i].heard[k].at_ms * CLOCK_NS_PER_MS);
		train_shots_judge(&t, &r);
		(void)snprintf(text, sizeof(text), "%u %u %d, %d %d %d %d", r.answers,
			       r.reordered, r.limited, ms(r.rtt_ns[SURVEY_RTT_MIN]),
			       ms(r.rtt_ns[SURVEY_RTT_MEDIAN]),
			       ms(r.rtt_ns[SURVEY_RTT_MAX]), ms(r.jitter_ns));
		is_str(text, cases[i].want, cases[i].name);
		is_int(r.requests, cases[i].sent, "all that were sent");
	}
	return tap_done();
}

/* How much room others leave to one address: tables. */
#include "sipprobe/survey/survey_budget.h"

#include "base/clock.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name;
	int at_ms[12]; /* of others' requests, 0 ends them */
	unsigned want;
} cases[] = {
	{"nobody else", {0}, 10},
	{"a probe", {100}, 9},
	{"two at once", {100, 100}, 8},
	{"two within two seconds", {100, 2100}, 8},
	{"at its edge", {100, 2150}, 8},
	{"two that are not", {100, 2151}, 9},
	{"the fullest time counts, in any order", {9000, 1, 5000, 9500, 4000, 9900}, 7},
	{"a slow row", {1, 3000, 6000, 9000}, 9},
	{"ten", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0},
	{"more than ten", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 0},
};

int main(void)
{
	struct survey_times many = {.count = 0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct survey_times t = {.count = 0};

		for (int k = 0; k < 12 && cases[i].at_ms[k]; k++)
			survey_times_add(&t, cases[i].at_ms[k] * CLOCK_NS_PER_MS);
		is_int(survey_budget_room(&t), cases[i].want, cases[i].name);
	}
	for (int i = 0; i <= SURVEY_BUDGET_TIMES; i++)
		survey_times_add(&many, (int64_t)i * 1000 * CLOCK_NS_PER_S);
	is_int(survey_budget_room(&many), 0, "more than can be looked at: no room");
	return tap_done();
}

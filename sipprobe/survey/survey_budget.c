#include "sipprobe/survey/survey_budget.h"

#include <stdlib.h>

#include "base/clock.h"

/* Timers are not exact, and the peer's clock counts in steps of its own. */
#define BUDGET_NS ((SURVEY_BUDGET_MS + 50) * CLOCK_NS_PER_MS)

void survey_times_add(struct survey_times *t, int64_t at_ns)
{
	if (t->count < SURVEY_BUDGET_TIMES)
		t->at_ns[t->count] = at_ns;
	t->count++;
}

static int times_compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

unsigned survey_budget_room(struct survey_times *t)
{
	size_t most = 0, from = 0;

	if (t->count > SURVEY_BUDGET_TIMES)
		return 0;
	qsort(t->at_ns, t->count, sizeof(t->at_ns[0]), times_compare);
	for (size_t i = 0; i < t->count; i++) {
		while (t->at_ns[i] - t->at_ns[from] > BUDGET_NS)
			from++;
		if (i - from + 1 > most)
			most = i - from + 1;
	}
	return most < SURVEY_BUDGET ? (unsigned)(SURVEY_BUDGET - most) : 0;
}

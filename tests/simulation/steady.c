#include "tests/simulation/steady.h"

#include <malloc.h>
#include <stdio.h>

#include "tests/simulation/kernel/fds.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/world.h"

enum { DAYS_LEAST = 30 };

struct look {
	double heap, fds, resident;
};

static struct {
	struct look *looks;
	size_t count, size;
} steady;

static double steady_resident(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f)
		return 0;
	if (fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	(void)fclose(f);
	return (double)pages * 4096;
}

static void steady_look_h(void *arg)
{
	(void)arg;
	if (steady.count == steady.size) {
		steady.size = steady.size ? 2 * steady.size : 512;
		steady.looks =
			memory_more(steady.looks, steady.size * sizeof(*steady.looks));
	}
	steady.looks[steady.count++] = (struct look){
		(double)mallinfo2().uordblks, (double)fds_count(), steady_resident()};
	world_in(WORLD_DAY, steady_look_h, NULL);
}

void steady_begin(void)
{
	world_in(WORLD_DAY, steady_look_h, NULL);
}

/* Least squares over all but the first quarter: a day's growth, and the mean. */
static double steady_slope(double (*of)(const struct look *l), double *mean)
{
	size_t first = steady.count / 4, n = steady.count - first;
	double sx = 0, sy = 0, sxx = 0, sxy = 0;

	for (size_t i = first; i < steady.count; i++) {
		double x = (double)(i - first), y = of(&steady.looks[i]);

		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	*mean = sy / (double)n;
	return ((double)n * sxy - sx * sy) / ((double)n * sxx - sx * sx);
}

static double steady_heap(const struct look *l)
{
	return l->heap;
}

static double steady_fds(const struct look *l)
{
	return l->fds;
}

static double steady_rss(const struct look *l)
{
	return l->resident;
}

void steady_end(void)
{
	static const struct {
		const char *name;
		double (*of)(const struct look *l);
	} kinds[] = {{"heap bytes", steady_heap},
		     {"resident bytes", steady_rss},
		     {"descriptors", steady_fds}};

	if (steady.count < DAYS_LEAST)
		return;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		double mean, slope = steady_slope(kinds[i].of, &mean);
		double grown = slope * (double)steady.count * 3 / 4;

		printf("  steady: %s %.0f in the mean, %+.2f a day over %zu days\n",
		       kinds[i].name, mean, slope, steady.count);
		judge(ON_STEADY, &(struct occasion){.text = kinds[i].name,
						    .since_ns = (int64_t)mean,
						    .number = (int64_t)grown});
	}
}

/*
 * What the end of a probe costs in the store: with classic histograms alone, with native
 * ones, and with exemplars too. Usage: bench_observe [TRUNKS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/store.h"

#define ROUNDS 15
#define PASSES 100

enum { NATIVE = 1, EXEMPLARS = 2, KINDS = 4 };

static struct store *make(struct store_target **cells, int count, int kind)
{
	static const double bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
					0.1,   0.25,   0.5,   1,    2,	   4};
	struct config_trunk trunk = {.name = "trunk", .uri = "sip:192.0.2.1"};
	struct engine_target target = {"OPTIONS", "192.0.2.1:5060", "udp"};
	struct store *s = NULL;
	int i;

	if (store_alloc(&s, bounds, sizeof(bounds) / sizeof(bounds[0])))
		exit(1);
	if (kind & NATIVE)
		store_keep_native(s, 3, 160);
	if (kind & EXEMPLARS)
		store_keep_exemplars(s);
	for (i = 0; i < count; i++)
		cells[i] = store_target_add(s, store_trunk_add(s, &trunk), &target);
	return s;
}

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return clock_of_timespec(&ts);
}

/* Nanoseconds of CPU a probe; answers take 10 to 16 ms. */
static double run(struct store *s, struct store_target **cells, int count)
{
	struct probe_result r = {.code = 200,
				 .phase_ns = {-1, -1, -1, -1, 0},
				 .call_id = "0123456789abcdef0123456789abcdef"};
	int64_t begun_ns = cpu_ns();
	int pass, i;

	for (pass = 0; pass < PASSES; pass++) {
		for (i = 0; i < count; i++) {
			r.phase_ns[PROBE_PHASE_ANSWER] =
				10000000 + (i * 7919LL + pass * 104729LL) % 6000000;
			store_probe_done(s, cells[i], &r);
		}
	}
	return (double)(cpu_ns() - begun_ns) / PASSES / count;
}

int main(int argc, char **argv)
{
	static const char *const names[KINDS] = {"classic", "and native", "and exemplars",
						 "and both"};
	int count = argc > 1 ? atoi(argv[1]) : 1000;
	struct store_target **cells = calloc((size_t)count, sizeof(*cells));
	double best_ns[KINDS] = {0};
	int round, kind;

	for (round = 0; cells && round < ROUNDS; round++) {
		for (kind = 0; kind < KINDS; kind++) {
			struct store *s = make(cells, count, kind);
			double ns = run(s, cells, count);

			if (!round || ns < best_ns[kind])
				best_ns[kind] = ns;
			store_free(s);
		}
	}
	for (kind = 0; kind < KINDS; kind++)
		printf("%6.1f ns a probe: %s\n", best_ns[kind], names[kind]);
	free(cells);
	return 0;
}

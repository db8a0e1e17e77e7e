/*
 * Days of trunks in seconds: the engine, the store and what stands between them as they
 * ship, in a world of the simulator's own (world.h), judged event by event (judge.h).
 */
#include "tests/simulation/sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/authority.h"
#include "tests/simulation/callers.h"
#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/phones.h"
#include "tests/simulation/expose.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/kernel/threads.h"
#include "tests/simulation/process.h"
#include "tests/simulation/scrape.h"
#include "tests/simulation/secure.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/steady.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"
#include "tests/simulation/kernel/world.h"
#include "tests/simulation/kernel/wrapped.h"
#include "tests/simulation/zone.h"

static struct {
	double hours;
	int trace;
	const char *metrics;
	double every_s; /* scrapes for it */
	bool quiet, shrink, rules;
} sim = {.hours = 24, .trace = -1, .every_s = 15};

void sim_print_command(int trace)
{
	printf("sim --seed %llu --trunks %u --hours %g --faults ",
	       (unsigned long long)fleet.seed, fleet.count, sim.hours);
	faults_print(fleet.faults);
	if (fleet.plain)
		printf(" --plain");
	if (fleet.pace > 1)
		printf(" --pace %u", fleet.pace);
	if (fleet.outage_ns != 6 * WORLD_HOUR)
		printf(" --outages %g", (double)fleet.outage_ns / (double)WORLD_MIN);
	if (fleet.calls_an_hour)
		printf(" --calls %u", fleet.calls_an_hour);
	if (fleet.only >= 0)
		printf(" --only %d", fleet.only);
	if (trace >= 0)
		printf(" --trace %d", trace);
	putchar('\n');
}

static double sim_cpu_s(void)
{
	struct timespec ts;

	(void)__real_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void sim_print_more(void)
{
	printf("  TLS: %llu handshakes, %llu refused, %llu certificates renewed (%llu "
	       "too "
	       "late), ours %llu (%llu)\n"
	       "  inbound: %llu requests, %llu answers, %llu connections (%llu "
	       "accepted), "
	       "%llu of strangers, %llu bursts\n",
	       (unsigned long long)secure_counts.handshakes,
	       (unsigned long long)secure_counts.refused,
	       (unsigned long long)authority_counts.renewed,
	       (unsigned long long)authority_counts.ended,
	       (unsigned long long)authority_counts.own_renewed,
	       (unsigned long long)authority_counts.own_ended,
	       (unsigned long long)callers_counts.calls,
	       (unsigned long long)callers_counts.answered,
	       (unsigned long long)callers_counts.streams,
	       (unsigned long long)pipes_counts.accepted,
	       (unsigned long long)callers_counts.strangers,
	       (unsigned long long)callers_counts.bursts);
}

static void sim_print_calls(void)
{
	const struct phones_counts *n = &phones_counts;

	if (!n->calls)
		return;
	printf("  calls: %llu at phones, %llu answered (%llu after CANCEL, %llu twice), "
	       "%llu came back to us, %llu phones died, %llu crashes of ours\n"
	       "  they ended by %llu BYEs, %llu CANCELs, %llu BYEs of theirs, %llu "
	       "timers, "
	       "%llu without an ACK; %llu told as not ended, %llu refused; %llu packets "
	       "of "
	       "audio\n",
	       (unsigned long long)n->calls, (unsigned long long)n->answered,
	       (unsigned long long)n->late, (unsigned long long)n->forks,
	       (unsigned long long)n->loops, (unsigned long long)n->deaths,
	       (unsigned long long)sim_counts.crashes, (unsigned long long)n->by_bye,
	       (unsigned long long)n->by_cancel, (unsigned long long)n->by_their_bye,
	       (unsigned long long)n->by_timer, (unsigned long long)n->by_no_ack,
	       (unsigned long long)dials.lost, (unsigned long long)dials.refused,
	       (unsigned long long)n->packets);
}

static void sim_print_sum(void)
{
	const struct witness_counts *w = &witness_counts;
	double days = sim.hours / 24 * (fleet.only < 0 ? fleet.count : 1);

	printf("seed %llu: %.1f trunk-days in %.2f s, digest %016llx\n"
	       "  %llu probes (%llu answered, %llu failed, %llu held up, %llu in a "
	       "stall, "
	       "%llu challenged), %llu requests\n"
	       "  %llu changes of state (%llu down), %llu late answers, %llu twice, "
	       "%llu ICMP errors\n"
	       "  %llu outages, %llu changes of names (%llu heirs), %llu reloads, %llu "
	       "stalls, %llu steps of the clock, %llu times unsent, %llu without "
	       "descriptors, %llu allocations failed\n",
	       (unsigned long long)fleet.seed, days, sim_cpu_s(),
	       (unsigned long long)world_digest(), (unsigned long long)w->probes,
	       (unsigned long long)w->answered, (unsigned long long)w->failed,
	       (unsigned long long)w->held, (unsigned long long)w->stalled,
	       (unsigned long long)w->challenged, (unsigned long long)w->copies,
	       (unsigned long long)w->changes, (unsigned long long)w->downs,
	       (unsigned long long)w->late, (unsigned long long)w->twice,
	       (unsigned long long)w->refused, (unsigned long long)sim_counts.outages,
	       (unsigned long long)sim_counts.names, (unsigned long long)w->heirs,
	       (unsigned long long)sim_counts.reloads,
	       (unsigned long long)sim_counts.stalls,
	       (unsigned long long)sim_counts.steps,
	       (unsigned long long)sim_counts.unsent,
	       (unsigned long long)sim_counts.exhausted,
	       (unsigned long long)memory_failed());
	printf("  TCP: %llu connections, %llu refused, %llu reset, %llu closed, %llu "
	       "segments (%llu lost, %llu cut)\n",
	       (unsigned long long)pipes_counts.connections,
	       (unsigned long long)pipes_counts.refused,
	       (unsigned long long)pipes_counts.resets,
	       (unsigned long long)pipes_counts.closed,
	       (unsigned long long)pipes_counts.segments,
	       (unsigned long long)pipes_counts.lost,
	       (unsigned long long)pipes_counts.cut);
	sim_print_more();
	sim_print_calls();
}

void sim_run(void)
{
	world_begin(fleet.seed);
	threads_begin(fleet.seed);
	zone_begin(fleet.seed);
	authority_begin(fleet.seed);
	fleet_make();
	process_begin();
	faults_begin();
	callers_begin();
	dialler_begin();
	scrape_begin();
	steady_begin();
	if (sim.metrics)
		expose_begin(sim.metrics, (int64_t)(sim.every_s * (double)WORLD_S));
	world_run(WORLD_BEGIN_NS + (int64_t)(sim.hours * 3600) * WORLD_S);
	expose_end();
	process_end();
}

static const struct option options[] = {
	{"seed", required_argument, NULL, 's'},
	{"trunks", required_argument, NULL, 'n'},
	{"hours", required_argument, NULL, 'h'},
	{"faults", required_argument, NULL, 'f'},
	{"without", required_argument, NULL, 'w'},
	{"only", required_argument, NULL, 'o'},
	{"trace", required_argument, NULL, 't'},
	{"metrics", required_argument, NULL, 'm'},
	{"every", required_argument, NULL, 'e'},
	{"pace", required_argument, NULL, 'P'},
	{"outages", required_argument, NULL, 'O'},
	{"calls", required_argument, NULL, 'C'},
	{"plain", no_argument, NULL, 'p'},
	{"count", no_argument, NULL, 'c'},
	{"shrink", no_argument, NULL, 'k'},
	{"rules", no_argument, NULL, 'r'},
	{"quiet", no_argument, NULL, 'q'},
	{0},
};

static void sim_usage(void)
{
	puts("sim: days of trunks in seconds, and what is wrong with them\n"
	     "  --seed N        which world (1)\n"
	     "  --trunks N      how many (200)\n"
	     "  --hours N       for how long (24)\n"
	     "  --faults A,B    these alone happen (all but unsent, fds, memory, crash)\n"
	     "  --without A,B   these do not\n"
	     "  --plain         intervals and counts as they are by default\n"
	     "  --pace N        intervals are so many times as long: 1 to 5 (1)\n"
	     "  --outages N     minutes from one of a peer's to its next (360)\n"
	     "  --calls N       an hour at most, of all trunks (5 to 40, by the seed)\n"
	     "  --metrics FILE  write what Prometheus would scrape (scripts/mails)\n"
	     "  --every N       … each N seconds (15)\n"
	     "  --only N        this trunk alone\n"
	     "  --trace N       print what happens to this trunk\n"
	     "  --count         go on after a broken rule, count them\n"
	     "  --shrink        make what breaks a rule as small as it gets\n"
	     "  --rules         list the rules\n"
	     "  --quiet         say nothing where all rules hold");
	printf("faults: ");
	faults_print(FAULTS_ALL);
	putchar('\n');
	exit(2);
}

/* What the world is. Returns false for what is none of it. */
static bool sim_option_of_world(int c)
{
	unsigned bits;

	switch (c) {
	case 's':
		fleet.seed = strtoull(optarg, NULL, 10);
		return true;
	case 'n':
		fleet.count = (unsigned)strtoul(optarg, NULL, 10);
		return true;
	case 'h':
		sim.hours = strtod(optarg, NULL);
		return true;
	case 'f':
	case 'w':
		if (!faults_parse(&bits, optarg))
			sim_usage();
		fleet.faults = c == 'f' ? bits : fleet.faults & ~bits;
		return true;
	case 'O':
		fleet.outage_ns = (int64_t)(strtod(optarg, NULL) * (double)WORLD_MIN);
		return true;
	case 'P':
		fleet.pace = (unsigned)strtoul(optarg, NULL, 10);
		return true;
	case 'C':
		fleet.calls_an_hour = (unsigned)strtoul(optarg, NULL, 10);
		return true;
	case 'o':
		fleet.only = atoi(optarg);
		return true;
	case 'p':
		fleet.plain = true;
		return true;
	default:
		return false;
	}
}

/* What is done with it. */
static void sim_option(int c)
{
	switch (c) {
	case 'm':
		sim.metrics = optarg;
		return;
	case 'e':
		sim.every_s = strtod(optarg, NULL);
		return;
	case 't':
		sim.trace = atoi(optarg);
		return;
	case 'c':
		judge_use(JUDGE_COUNT);
		return;
	case 'k':
		sim.shrink = true;
		return;
	case 'r':
		sim.rules = true;
		return;
	case 'q':
		sim.quiet = true;
		return;
	default:
		sim_usage();
	}
}

static int sim_list_rules(void)
{
	for (const struct rule *r = judge_rules; r->name; r++)
		printf("| %s | %s |\n", r->name, r->sentence);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned broken;
	int c;

	fleet.faults = FAULTS_ORDINARY;
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (!sim_option_of_world(c))
			sim_option(c);
	if (optind < argc || !fleet.count || fleet.only >= (int)fleet.count ||
	    sim.hours <= 0 || sim.every_s <= 0 || fleet.outage_ns <= 0 || !fleet.pace ||
	    fleet.pace > 5)
		sim_usage();
	if (sim.rules)
		return sim_list_rules();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (sim.shrink)
		return shrink_run(&sim.hours);
	trace_follow(sim.trace);
	sim_run();
	if (!sim.quiet)
		sim_print_sum();
	steady_end();
	broken = judge_sum();
	if (broken)
		sim_print_command(-1);
	return broken ? 1 : 0;
}

#include "tests/simulation/shrink.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/sim.h"
#include "tests/simulation/kernel/wrapped.h"

/* What broke: a rule's name, or what killed the process. */
struct verdict {
	char rule[64]; /* "": all is well */
	int trunk;
};

static void shrink_child(int out)
{
	(void)dup2(out, STDOUT_FILENO);
	judge_use(JUDGE_SILENT);
	sim_run();
	fflush(stdout);
	_exit(0);
}

/* A run in a process of its own, as each can be but once in one. */
static struct verdict shrink_try(void)
{
	struct verdict v = {.trunk = -1};
	char text[4096] = "";
	size_t len = 0;
	ssize_t n;
	int fds[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds))
		return v;
	pid = fork();
	if (!pid)
		shrink_child(fds[1]);
	(void)__real_close(fds[1]);
	while (len < sizeof(text) - 1 &&
	       (n = __real_read(fds[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	(void)__real_close(fds[0]);
	(void)waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		(void)snprintf(v.rule, sizeof(v.rule), "signal-%d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		(void)sscanf(text, "%63s %d", v.rule, &v.trunk);
	return v;
}

/* Whether the same still breaks. */
static bool shrink_same(const struct verdict *first)
{
	struct verdict v = shrink_try();

	return !strcmp(v.rule, first->rule);
}

static void shrink_trunks(struct verdict *first)
{
	int only = fleet.only;

	if (first->trunk < 0 || only >= 0)
		return;
	fleet.only = first->trunk;
	if (!shrink_same(first))
		fleet.only = only;
}

static void shrink_faults(const struct verdict *first)
{
	for (unsigned i = 0; i < FAULTS; i++) {
		unsigned before = fleet.faults;

		fleet.faults &= ~(1U << i);
		if (before != fleet.faults && !shrink_same(first))
			fleet.faults = before;
	}
}

static void shrink_hours(const struct verdict *first, double *hours)
{
	double before = *hours;

	while (*hours > 0.1) {
		before = *hours;
		*hours = before / 2;
		if (!shrink_same(first))
			break;
	}
	*hours = before;
}

int shrink_run(double *hours)
{
	struct verdict first = shrink_try();

	if (!first.rule[0]) {
		puts("sim: all rules hold");
		return 0;
	}
	printf("sim: %s breaks, t%d\n", first.rule, first.trunk);
	shrink_trunks(&first);
	shrink_hours(&first, hours);
	shrink_faults(&first);
	shrink_trunks(&first);
	sim_print_command(fleet.only);
	return 1;
}

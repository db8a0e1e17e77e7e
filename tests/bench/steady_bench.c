/*
 * Probes at an easy pace for so many seconds, for those who count what a probe costs from
 * outside (instructions_bench.py). Prints how many probes it did.
 *
 *   bench_steady [SECONDS]
 */
#include <signal.h>
#include <stdlib.h>

#include "tests/bench/responder.h"
#include "tests/bench/rig.h"

enum { TARGETS = 400, SECONDS = 5 };

int main(int argc, char **argv)
{
	struct rig rig = {.targets = TARGETS, .interval = "1s", .timeout = "900ms"};
	unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : SECONDS;
	pid_t peer = responder_start(&rig.port);

	if (peer < 0 || !seconds)
		return 1;
	rig_run(&rig, 2, seconds);
	(void)kill(peer, SIGKILL);
	printf("%llu probes, %llu answered\n", (unsigned long long)rig.done,
	       (unsigned long long)rig.answered);
	return rig.done && rig.answered == rig.done ? 0 : 1;
}

/* The benches' responder as a program: prints its port and answers until it is ended. */
#include <stdio.h>
#include <sys/wait.h>

#include "tests/bench/responder.h"

int main(void)
{
	uint16_t port;
	pid_t pid = responder_start(&port);

	if (pid < 0)
		return 1;
	printf("%u\n", port);
	(void)fflush(stdout);
	(void)waitpid(pid, NULL, 0);
	return 0;
}

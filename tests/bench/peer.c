/*
 * The benches' responders as a program. Prints the port of UDP, or given a folder for the
 * authority of its certificate, those of UDP, TCP and TLS; answers until it is ended.
 */
#include <stdio.h>
#include <sys/wait.h>

#include "tests/bench/responder.h"
#include "tests/bench/stream_responder.h"

int main(int argc, char **argv)
{
	uint16_t udp, tcp, tls;
	pid_t pid = responder_start(&udp);

	if (pid < 0)
		return 1;
	if (argc < 2) {
		printf("%u\n", udp);
	} else {
		if (stream_responder_start(&tcp, NULL) < 0 ||
		    stream_responder_start(&tls, argv[1]) < 0)
			return 1;
		printf("%u %u %u\n", udp, tcp, tls);
	}
	(void)fflush(stdout);
	(void)waitpid(pid, NULL, 0);
	return 0;
}

/* A thread of ours takes no signal, and whoever starts it takes them as before. */
#include "base/thread.h"

#include <signal.h>

#include "tests/unit/tap.h"

static void *mask_read(void *arg)
{
	(void)pthread_sigmask(SIG_SETMASK, NULL, arg);
	return NULL;
}

int main(void)
{
	sigset_t theirs, ours;
	pthread_t thread;

	is_int(thread_start(&thread, mask_read, &theirs), 0, "it starts");
	is_int(pthread_join(thread, NULL), 0, "and ends");
	mask_read(&ours);
	is_int(sigismember(&theirs, SIGTERM), 1, "SIGTERM is not its");
	is_int(sigismember(&theirs, SIGHUP), 1, "nor SIGHUP");
	is_int(sigismember(&ours, SIGTERM), 0, "SIGTERM is still ours");
	is_int(sigismember(&ours, SIGHUP), 0, "and SIGHUP");
	return tap_done();
}

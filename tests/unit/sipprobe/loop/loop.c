/* The main thread's loop: posts of other threads, signals, periodic calls. */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "sipprobe/loop.h"
#include "tests/unit/tap.h"

enum { POSTS = 1000 };

static int last_signal;
static unsigned posts_in_order;
static unsigned beats;

static void signal_h(int sig, void *arg)
{
	last_signal = sig;
	*(int *)arg += 1;
	loop_stop();
}

static void post_h(void *data, void *arg)
{
	posts_in_order += *(unsigned *)data == posts_in_order && arg == &posts_in_order;
	if (*(unsigned *)data == POSTS - 1)
		loop_stop();
}

static void *poster(void *arg)
{
	unsigned *numbers = arg;

	for (unsigned i = 0; i < POSTS; i++) {
		numbers[i] = i;
		/* The pipe behind it is as deep as it is: the loop empties it. */
		while (loop_post(post_h, &numbers[i], &posts_in_order))
			sched_yield();
	}
	return NULL;
}

static void never_h(void *data, void *arg)
{
	(void)data, (void)arg;
	ok(false, "a post that loop_run() did not come to runs");
}

static void every_h(void *arg)
{
	if (++*(unsigned *)arg == 3)
		loop_stop();
}

static void stop_h(void *data, void *arg)
{
	(void)data, (void)arg;
	loop_stop();
}

static void test_posts(void)
{
	static unsigned numbers[POSTS];
	pthread_t thread;

	pthread_create(&thread, NULL, poster, numbers);
	is_int(loop_run(), 0, "run until a post stops it");
	pthread_join(thread, NULL);
	is_int(posts_in_order, POSTS, "posts of another thread run here, in their order");
}

static void test_signals(int *signals)
{
	static const int caught[] = {SIGTERM, SIGINT, SIGHUP};

	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		raise(caught[i]);
		(void)loop_run();
		is_int(last_signal, caught[i], "a signal comes by the loop");
	}
	is_int(*signals, 3, "each once");
	raise(SIGPIPE);
	ok(true, "SIGPIPE is no end");
}

/* Looks on from outside while the loop stands still, and runs again. */
static void *onlooker(void *arg)
{
	const struct timespec pause = {.tv_nsec = 10 * CLOCK_NS_PER_MS};
	int64_t first_ns = loop_last_turn_ns();
	int64_t end_ns = clock_monotonic_ns() + 20 * CLOCK_NS_PER_S;

	while (loop_last_turn_ns() == first_ns && clock_monotonic_ns() < end_ns)
		nanosleep(&pause, NULL);
	*(bool *)arg = loop_last_turn_ns() > first_ns;
	(void)loop_post(stop_h, NULL, NULL);
	return NULL;
}

static void test_turns(void)
{
	const struct timespec stall = {.tv_nsec = 30 * CLOCK_NS_PER_MS};
	int64_t turn_ns = loop_last_turn_ns();
	pthread_t thread;
	bool moved = false;

	nanosleep(&stall, NULL);
	is_int(loop_last_turn_ns(), turn_ns, "a loop that stands still has no turns");
	pthread_create(&thread, NULL, onlooker, &moved);
	(void)loop_run();
	pthread_join(thread, NULL);
	ok(moved, "one that has nothing to do has them all the same");
	ok(clock_monotonic_ns() - loop_last_turn_ns() < 5 * CLOCK_NS_PER_S, "now");
}

static void test_every(void)
{
	int64_t begun_ns = clock_monotonic_ns();

	is_int(loop_every(2 * CLOCK_NS_PER_MS, every_h, &beats), 0, "every 2 ms");
	(void)loop_run();
	is_int(beats, 3, "three times");
	ok(clock_monotonic_ns() - begun_ns >= 4 * CLOCK_NS_PER_MS,
	   "and not all of them at once");
}

int main(void)
{
	struct rlimit limit = {0};
	int signals = 0;

	is_int(loop_last_turn_ns(), 0, "no loop, no turn");
	is_int(loop_init(signal_h, &signals), 0, "ready");
	ok(loop_last_turn_ns() > 0, "one to begin with");
	ok(!getrlimit(RLIMIT_NOFILE, &limit) &&
		   (limit.rlim_cur >= 65536 || limit.rlim_cur == limit.rlim_max),
	   "with as many descriptors as there may be");
	ok(loop_libre_version()[0] >= '1', "libre %s", loop_libre_version());
	test_posts();
	test_signals(&signals);
	test_turns();
	test_every();
	is_int(loop_post(never_h, NULL, NULL), 0, "posted, too late");
	loop_close();
	return tap_done();
}

/* When the alarm and the ticker wake the loop: the clock and the descriptors' times are
 * the test's own. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "sipprobe/loop/alarm.h"
#include "sipprobe/loop/ticker.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

#define BEGIN_NS (1000 * CLOCK_NS_PER_S)
#define MS	 CLOCK_NS_PER_MS

static int64_t now_ns = BEGIN_NS;
static int64_t busy_ns;		     /* goes by whenever a time is set */
static int64_t armed_ns = INT64_MAX; /* of the last one that was set */
static unsigned sets;		     /* how often one was */
static int armed_fd = -1;
static bool periodic;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *its,
			   struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *its,
			   struct itimerspec *old);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
		return __real_clock_gettime(id, ts);
	*ts = (struct timespec){.tv_sec = now_ns / CLOCK_NS_PER_S,
				.tv_nsec = now_ns % CLOCK_NS_PER_S};
	return 0;
}

/* The descriptor is ready from its time on, once. */
static void ring(void)
{
	const struct itimerspec at_once = {.it_value.tv_nsec = 1};

	if (armed_ns > now_ns)
		return;
	(void)__real_timerfd_settime(armed_fd, 0, &at_once, NULL);
	armed_ns = INT64_MAX;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *its,
			   struct itimerspec *old)
{
	const struct itimerspec never = {.it_value.tv_sec = 0};
	int64_t at_ns = its->it_value.tv_sec * CLOCK_NS_PER_S + its->it_value.tv_nsec;
	int err = __real_timerfd_settime(fd, 0, &never, old);

	sets++;
	armed_fd = fd;
	armed_ns = at_ns && flags == TFD_TIMER_ABSTIME ? at_ns : INT64_MAX;
	periodic |= its->it_interval.tv_sec || its->it_interval.tv_nsec;
	now_ns += busy_ns;
	ring();
	return err;
}

/* The loop has its turns at that time. */
static void time_is(int64_t ns)
{
	now_ns = ns;
	ring();
	for (int i = 0; i < 4; i++)
		loop_turn();
}

struct noted {
	struct wheel_timer timer; /* first */
	struct ticker *ticker;
	struct noted *starts; /* another one, and itself, when it fires */
	unsigned fired;
};

static void noted_h(struct wheel_timer *timer, int64_t at_ns)
{
	struct noted *n = wheel_owner(timer, struct noted, timer);

	n->fired++;
	if (!n->starts)
		return;
	ticker_start(n->ticker, &n->starts->timer, at_ns + 8 * MS, noted_h);
	ticker_start(n->ticker, timer, at_ns + 4 * MS, noted_h);
	n->starts = NULL;
}

/* One wake for each time that something is due at, and one system call for each wake. */
static void test_ticker(void)
{
	struct noted a = {.fired = 0}, b = a, c = a, d = a;
	struct ticker *tk = NULL;

	(void)ticker_alloc(&tk);
	sets = 0;
	a.ticker = tk;
	a.starts = &d;
	ticker_start(tk, &a.timer, BEGIN_NS + 10 * MS, noted_h);
	ok(sets == 1 && armed_ns == BEGIN_NS + 10 * MS, "armed for the first");
	ticker_start(tk, &b.timer, BEGIN_NS + 20 * MS, noted_h);
	is_int(sets, 1, "not for a later one");
	ticker_start(tk, &c.timer, BEGIN_NS + 4 * MS, noted_h);
	ok(sets == 2 && armed_ns == BEGIN_NS + 4 * MS, "but for an earlier one");
	time_is(BEGIN_NS + 4 * MS);
	ok(c.fired == 1 && sets == 3 && armed_ns == BEGIN_NS + 10 * MS, "then the next");
	time_is(BEGIN_NS + 10 * MS);
	ok(a.fired == 1 && sets == 4 && armed_ns == BEGIN_NS + 14 * MS,
	   "once for all that a handler starts");
	time_is(BEGIN_NS + 14 * MS);
	time_is(BEGIN_NS + 18 * MS);
	ok(a.fired == 2 && d.fired == 1 && armed_ns == BEGIN_NS + 20 * MS, "and so on");
	sets = 0;
	time_is(BEGIN_NS + 20 * MS);
	ok(b.fired == 1 && sets == 0, "nothing is left: nothing to arm");
	ok(!periodic, "once each");
	mem_deref(tk);
}

/* Who is answered waits no more: nobody is woken for that time. */
static void test_ticker_moved(void)
{
	struct noted a = {.fired = 0}, b = a, c = a;
	struct ticker *tk = NULL;

	now_ns = BEGIN_NS;
	(void)ticker_alloc(&tk);
	ticker_start(tk, &a.timer, BEGIN_NS + 10 * MS, noted_h);
	ticker_start(tk, &b.timer, BEGIN_NS + 20 * MS, noted_h);
	ticker_start(tk, &c.timer, BEGIN_NS + 20 * MS, noted_h);
	sets = 0;
	ticker_start(tk, &a.timer, BEGIN_NS + 40 * MS, noted_h);
	ok(sets == 1 && armed_ns == BEGIN_NS + 20 * MS, "moved: for the next one");
	ticker_cancel(tk, &b.timer);
	ok(sets == 1 && armed_ns == BEGIN_NS + 20 * MS, "another is still due then");
	ticker_cancel(tk, &c.timer);
	ok(sets == 2 && armed_ns == BEGIN_NS + 40 * MS, "cancelled: for the last one");
	ticker_cancel(tk, &a.timer);
	ok(sets == 3 && armed_ns == INT64_MAX, "none is left: not at all");
	mem_deref(tk);
}

static void test_ticker_late(void)
{
	struct noted a = {.fired = 0};
	struct ticker *tk = NULL;

	now_ns = BEGIN_NS;
	(void)ticker_alloc(&tk);
	ticker_start(tk, &a.timer, BEGIN_NS + 10 * MS, noted_h);
	sets = 0;
	time_is(BEGIN_NS + 30 * MS);
	ok(a.fired == 1 && sets == 0, "20 ms late: at once");
	ticker_start(tk, &a.timer, BEGIN_NS + 40 * MS, noted_h);
	sets = 0;
	time_is(BEGIN_NS + 60 * MS + 1);
	ok(a.fired == 2 && sets == 1, "later: all sockets have their turn first");
	ticker_start(tk, &a.timer, BEGIN_NS + 70 * MS, noted_h);
	busy_ns = 30 * MS;
	time_is(BEGIN_NS + 100 * MS);
	is_int(a.fired, 3, "which may take long, but is one turn");
	busy_ns = 0;
	mem_deref(tk);
}

static void rung_h(void *arg)
{
	++*(unsigned *)arg;
}

static void test_alarm(void)
{
	struct alarm *a = NULL;
	unsigned fired = 0;

	now_ns = BEGIN_NS;
	(void)alarm_alloc(&a, rung_h, &fired);
	sets = 0;
	alarm_set(a, BEGIN_NS + 10 * MS);
	alarm_set(a, BEGIN_NS + 10 * MS);
	ok(sets == 1 && armed_ns == BEGIN_NS + 10 * MS && !periodic, "set, once");
	time_is(BEGIN_NS + 9 * MS);
	is_int(fired, 0, "not yet");
	time_is(BEGIN_NS + 10 * MS);
	is_int(fired, 1, "now");
	alarm_set(a, BEGIN_NS + 10 * MS);
	time_is(BEGIN_NS + 10 * MS);
	is_int(fired, 2, "the same time once more is at once");
	mem_deref(a);
}

static void test_no_descriptors(void)
{
	struct ticker *tk = NULL;
	struct alarm *a = NULL;
	struct rlimit old, low;

	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &low);
	is_int(ticker_alloc(&tk), EMFILE, "a ticker without a descriptor");
	is_int(alarm_alloc(&a, rung_h, NULL), EMFILE, "an alarm without one");
	setrlimit(RLIMIT_NOFILE, &old);
	ok(!tk && !a, "is none");
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_ticker();
	test_ticker_moved();
	test_ticker_late();
	test_alarm();
	test_no_descriptors();
	libre_close();
	return tap_done();
}

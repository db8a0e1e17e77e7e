/* The alarm and the ticker on libre's loop and the real clock. */
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/loop/alarm.h"
#include "sipprobe/loop/ticker.h"
#include "tests/unit/descriptors.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

struct timed {
	struct wheel_timer timer; /* first */
	struct ticker *ticker;
	struct alarm *alarm;
	int64_t due_ns, fired_ns;
	unsigned fired;
	bool again; /* once */
};

static void timed_fired(struct timed *t)
{
	t->fired++;
	t->fired_ns = clock_monotonic_ns();
}

static bool has_fired(void *arg)
{
	return ((struct timed *)arg)->fired;
}

static bool has_fired_twice(void *arg)
{
	return ((struct timed *)arg)->fired == 2;
}

static void alarm_fired_h(void *arg)
{
	struct timed *t = arg;

	timed_fired(t);
	if (t->again)
		alarm_set(t->alarm, clock_monotonic_ns() + CLOCK_NS_PER_MS);
	else
		t->alarm = mem_deref(t->alarm);
	t->again = false;
}

static void test_alarm(void)
{
	struct timed t = {.again = true};

	is_int(alarm_alloc(&t.alarm, alarm_fired_h, &t), 0, "an alarm");
	t.due_ns = clock_monotonic_ns() + 5 * CLOCK_NS_PER_MS;
	alarm_set(t.alarm, t.due_ns);
	ok(loop_until(has_fired, &t) && t.fired_ns >= t.due_ns, "fires, not too early");
	ok(loop_until(has_fired_twice, &t), "again, when it is set in its handler");
	ok(!t.alarm, "where it may be freed, too");

	t = (struct timed){.again = true};
	(void)alarm_alloc(&t.alarm, alarm_fired_h, &t);
	alarm_set(t.alarm, clock_monotonic_ns() + CLOCK_NS_PER_MS);
	alarm_set(t.alarm, INT64_MAX);
	for (int i = 0; i < 5; i++)
		loop_turn();
	is_int(t.fired, 0, "not at all when it is taken back");
	alarm_set(t.alarm, -1);
	ok(loop_until(has_fired, &t), "soon when its time is past");
	mem_deref(t.alarm);
}

static void ticked_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct timed *t = wheel_owner(timer, struct timed, timer);

	(void)now_ns;
	timed_fired(t);
	if (t->again)
		ticker_start(t->ticker, timer, clock_monotonic_ns(), ticked_h);
	t->again = false;
}

static void test_ticker(void)
{
	struct timed near = {.again = true}, far = {.again = false}, gone = {.fired = 0};
	struct ticker *tk = NULL;

	is_int(ticker_alloc(&tk), 0, "a ticker");
	near.ticker = tk;
	far.due_ns = clock_monotonic_ns() + 20 * CLOCK_NS_PER_MS;
	ticker_start(tk, &far.timer, far.due_ns, ticked_h);
	near.due_ns = far.due_ns - 15 * CLOCK_NS_PER_MS;
	ticker_start(tk, &near.timer, near.due_ns, ticked_h);
	ticker_start(tk, &gone.timer, near.due_ns, ticked_h);
	ticker_cancel(tk, &gone.timer);
	ok(loop_until(has_fired, &near) && near.fired_ns >= near.due_ns,
	   "the nearer of two fires, not too early");
	ok(loop_until(has_fired_twice, &near), "and again, as its handler wants");
	ok(loop_until(has_fired, &far) && far.fired_ns >= far.due_ns, "then the other");
	ok(!gone.fired, "one that was cancelled does not");
	near.fired = 0;
	ticker_start(tk, &near.timer, -5, ticked_h);
	ok(loop_until(has_fired, &near), "a time that is past is soon");
	mem_deref(tk);
}

struct race {
	struct timed timed;
	int fds[2];
	unsigned read_first; /* the pipe was read before the timer fired */
};

static void race_read_h(int flags, void *arg)
{
	struct race *r = arg;
	char c;

	(void)flags;
	if (read(r->fds[0], &c, 1) == 1)
		r->read_first += !r->timed.fired;
}

/* We stood still: what arrived meanwhile is read before any timer fires, always. */
static void test_ticker_late(void)
{
	struct ticker *tk = NULL;
	struct race r = {.read_first = 0};
	unsigned rounds = 0;

	if (ticker_alloc(&tk) || pipe(r.fds) ||
	    fd_listen(r.fds[0], FD_READ, race_read_h, &r))
		return;
	for (; rounds < 3; rounds++) {
		r.timed.fired = 0;
		ticker_start(tk, &r.timed.timer,
			     clock_monotonic_ns() + 10 * CLOCK_NS_PER_MS, ticked_h);
		usleep(50000);
		(void)!write(r.fds[1], "x", 1);
		ok(loop_until(has_fired, &r.timed), "fires, late");
	}
	is_int(r.read_first, rounds, "after what had come was read");
	fd_close(r.fds[0]);
	(void)close(r.fds[0]);
	(void)close(r.fds[1]);
	mem_deref(tk);
}

struct owner {
	struct timed alarm, ticked;
	struct ticker *ticker;
	int fds[2];
	bool freed;
};

static void owner_read_h(int flags, void *arg)
{
	struct owner *o = arg;

	(void)flags;
	o->alarm.alarm = mem_deref(o->alarm.alarm);
	o->ticker = mem_deref(o->ticker);
	o->freed = true;
	fd_close(o->fds[0]);
}

static bool has_freed(void *arg)
{
	return ((struct owner *)arg)->freed;
}

/* Timers that are due, and freed in the turn that would have seen it. */
static void test_freed(void)
{
	struct owner o = {.freed = false};

	if (ticker_alloc(&o.ticker) || pipe(o.fds) ||
	    fd_listen(o.fds[0], FD_READ, owner_read_h, &o) ||
	    alarm_alloc(&o.alarm.alarm, alarm_fired_h, &o.alarm))
		return;
	(void)!write(o.fds[1], "x", 1);
	usleep(1000);
	ticker_start(o.ticker, &o.ticked.timer, 0, ticked_h);
	alarm_set(o.alarm.alarm, 0);
	usleep(5000);
	ok(loop_until(has_freed, &o), "freed by another's handler");
	loop_turn();
	is_int(o.alarm.fired + o.ticked.fired, 0, "fires no more");
	(void)close(o.fds[0]);
	(void)close(o.fds[1]);
}

static void test_descriptors(void)
{
	int open = descriptors_open(), inherited = descriptors_inherited();
	struct ticker *tk = NULL;
	struct timed t = {.alarm = NULL};

	(void)alarm_alloc(&t.alarm, alarm_fired_h, &t);
	(void)ticker_alloc(&tk);
	is_int(descriptors_open(), open + 2, "a descriptor each");
	is_int(descriptors_inherited(), inherited, "no other program's");
	mem_deref(t.alarm);
	mem_deref(tk);
	is_int(descriptors_open(), open, "closed with them");
}

/* Who starts us with a closed input has the first descriptor be one of ours. */
static void test_first_descriptor(void)
{
	int input = dup(STDIN_FILENO);
	struct timed t = {.again = false};
	struct ticker *tk = NULL;

	(void)close(STDIN_FILENO);
	is_int(alarm_alloc(&t.alarm, alarm_fired_h, &t), 0, "an alarm is descriptor 0");
	alarm_set(t.alarm, 0);
	ok(loop_until(has_fired, &t), "fires");
	is_int(fcntl(STDIN_FILENO, F_GETFD), -1, "and is closed");
	is_int(ticker_alloc(&tk), 0, "a ticker is");
	mem_deref(tk);
	is_int(fcntl(STDIN_FILENO, F_GETFD), -1, "and is closed");
	(void)dup2(input, STDIN_FILENO);
	(void)close(input);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_alarm();
	test_ticker();
	test_ticker_late();
	test_freed();
	test_descriptors();
	test_first_descriptor();
	libre_close();
	return tap_done();
}

/* Shares of the loop's time, and the queue of those who have used up theirs. */
#include "base/clock.h"
#include "sipprobe/loop/turns.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

enum { SHARE = 10 };

/* An account, at times of the test's own. */
static void test_account(void)
{
	const int64_t now_ns = 1000 * CLOCK_NS_PER_S;
	struct turns_account *a;

	turns_account_alloc(&a, SHARE);
	ok(turns_left(a, now_ns), "a new one has time");
	turns_charge(a, now_ns, TURNS_BURST_NS);
	ok(turns_left(a, now_ns), "a burst of it");
	turns_charge(a, now_ns, 1);
	ok(!turns_left(a, now_ns), "and no more");
	ok(turns_left(a, now_ns + SHARE), "a little later it is paid for");
	turns_charge(a, now_ns, TURNS_BURST_NS);
	ok(!turns_left(a, now_ns + TURNS_BURST_NS * SHARE / 2),
	   "twice as much takes longer");
	ok(turns_left(a, now_ns + TURNS_BURST_NS * SHARE + SHARE), "by its share");
	turns_charge(a, now_ns + 3600 * CLOCK_NS_PER_S, TURNS_BURST_NS + 1);
	ok(!turns_left(a, now_ns + 3600 * CLOCK_NS_PER_S), "rest is not saved up");
	mem_deref(a);
}

struct guest {
	struct turns_waiter waiter;
	int64_t busy_ns;     /* CPU time that it takes */
	struct turns *leave; /* let go of in the handler, or NULL */
	unsigned calls;
	int64_t at_ns;
	unsigned place;
};

static unsigned served;

static void guest_h(void *arg)
{
	struct guest *g = arg;
	int64_t begun_ns = turns_cpu_ns();

	g->calls++;
	g->place = ++served;
	while (turns_cpu_ns() - begun_ns < g->busy_ns)
		;
	g->at_ns = clock_monotonic_ns();
	g->leave = mem_deref(g->leave);
}

static void guest_wait(struct guest *g, struct turns *t, int64_t busy_ns)
{
	*g = (struct guest){.busy_ns = busy_ns};
	g->waiter.h = guest_h;
	g->waiter.arg = g;
	turns_wait(t, &g->waiter);
}

static bool was_called(void *arg)
{
	return ((struct guest *)arg)->calls;
}

static void test_order(struct turns *t)
{
	struct guest g[4];

	served = 0;
	for (size_t i = 0; i < 4; i++)
		guest_wait(&g[i], t, 0);
	turns_wait(t, &g[0].waiter);
	turns_leave(&g[1].waiter);
	ok(!g[0].calls, "nobody is called at once");
	ok(loop_until(was_called, &g[3]), "all are in the end");
	is_int(g[0].place * 100 + g[2].place * 10 + g[3].place, 123, "as they came");
	is_int(g[0].calls, 1, "once");
	is_int(g[1].calls, 0, "but the one who left");
}

/* Who takes long has the next one wait three times that: the rest is everybody's. */
static void test_slice(struct turns *t)
{
	const int64_t busy_ns = 4 * TURNS_SLICE_NS;
	struct guest g[2];

	guest_wait(&g[0], t, busy_ns);
	guest_wait(&g[1], t, 0);
	ok(loop_until(was_called, &g[0]), "one takes more than a slice");
	is_int(g[1].calls, 0, "the next one waits");
	ok(loop_until(was_called, &g[1]), "and is called");
	ok(g[1].at_ns - g[0].at_ns >= (TURNS_QUEUE_SHARE - 1) * busy_ns,
	   "after three times as long: %lld us",
	   (long long)((g[1].at_ns - g[0].at_ns) / CLOCK_NS_PER_US));
}

static void test_let_go(void)
{
	struct guest g[2];
	struct turns *t;

	turns_alloc(&t);
	guest_wait(&g[0], t, 2 * TURNS_SLICE_NS);
	guest_wait(&g[1], t, 0);
	g[0].leave = t;
	ok(loop_until(was_called, &g[0]), "the queue may go in a handler");
	loop_turn();
	ok(!g[1].waiter.le.list && !g[1].calls, "with whoever waits in it");
}

int main(void)
{
	struct turns *t;

	libre_init();
	test_account();
	if (turns_alloc(&t))
		return 2;
	test_order(t);
	test_slice(t);
	mem_deref(t);
	test_let_go();
	libre_close();
	return tap_done();
}

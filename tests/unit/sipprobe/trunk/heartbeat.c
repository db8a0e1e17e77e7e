/* Whether something that should happen every so often still does. */
#include "sipprobe/trunk/heartbeat.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

static void changed_h(void *arg)
{
	(*(unsigned *)arg)++;
}

int main(void)
{
	struct heartbeat *h = NULL;
	struct ticker *ticker = NULL;
	unsigned changes = 0;

	if (ticker_alloc(&ticker) || !ticker)
		return 1;
	ok(!heartbeat_missing(NULL), "none is never missing");
	is_int(heartbeat_alloc(&h, ticker, CLOCK_NS_PER_S, changed_h, &changes), 0,
	       "made");
	ok(wheel_next_ns(ticker->wheel) > virtual_now_ns + 900 * CLOCK_NS_PER_MS,
	   "nothing to do until it may be missing");
	pass_ms(999);
	ok(!heartbeat_missing(h) && !changes, "the first may take a whole period");
	heartbeat_seen(h);
	pass_ms(999);
	ok(!heartbeat_missing(h) && !changes, "in time");
	pass_ms(2);
	ok(heartbeat_missing(h) && changes == 1, "missing, and told once");
	pass_ms(5000);
	is_int(changes, 1, "for as long as it is");
	heartbeat_seen(h);
	ok(!heartbeat_missing(h) && changes == 2, "back, and told at once");
	heartbeat_seen(h);
	is_int(changes, 2, "once");
	pass_ms(1001);
	ok(heartbeat_missing(h) && changes == 3, "and missing again");
	ok(heartbeat_restart(h) && !heartbeat_missing(h), "a new period begins");
	is_int(changes, 3, "which is no sign of life");
	pass_ms(999);
	ok(!heartbeat_restart(h), "another, before the end");
	pass_ms(999);
	ok(!heartbeat_missing(h), "it is a whole one");
	pass_ms(2);
	ok(heartbeat_missing(h) && changes == 4, "and no longer");
	heartbeat_seen(h);
	mem_deref(h);
	pass_ms(5000);
	is_int(changes, 5, "none that is gone is missing");
	mem_deref(ticker);
	return tap_done();
}

#include "sipprobe/trunk/heartbeat.h"

#include <errno.h>

#include "base/clock.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/loop/ticker.h"

struct heartbeat {
	struct wheel_timer timer;
	struct ticker *ticker;
	int64_t period_ns;
	int64_t last_ns;
	heartbeat_h *h;
	void *arg;
	bool missing;
};

static void heartbeat_due_h(struct wheel_timer *timer, int64_t now_ns);

static void heartbeat_destructor(void *arg)
{
	struct heartbeat *e = arg;

	ticker_cancel(e->ticker, &e->timer);
}

static void heartbeat_arm(struct heartbeat *e)
{
	ticker_start(e->ticker, &e->timer, e->last_ns + e->period_ns, heartbeat_due_h);
}

/* The timer is not moved each time: when it fires it looks at what happened since. */
static void heartbeat_due_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct heartbeat *e = wheel_owner(timer, struct heartbeat, timer);

	if (e->last_ns + e->period_ns > now_ns) {
		heartbeat_arm(e);
		return;
	}
	e->missing = true;
	e->h(e->arg);
}

int heartbeat_alloc(struct heartbeat **ep, struct ticker *ticker, int64_t period_ns,
		    heartbeat_h *h, void *arg)
{
	struct heartbeat *e = mem_zalloc(sizeof(*e), heartbeat_destructor);

	if (!e)
		return ENOMEM;
	e->ticker = ticker;
	e->period_ns = period_ns;
	e->last_ns = clock_monotonic_ns();
	e->h = h;
	e->arg = arg;
	heartbeat_arm(e);
	*ep = e;
	return 0;
}

bool heartbeat_restart(struct heartbeat *e)
{
	bool back = e->missing;

	e->last_ns = clock_monotonic_ns();
	e->missing = false;
	if (back)
		heartbeat_arm(e);
	return back;
}

void heartbeat_seen(struct heartbeat *e)
{
	if (heartbeat_restart(e))
		e->h(e->arg);
}

bool heartbeat_missing(const struct heartbeat *e)
{
	return e && e->missing;
}

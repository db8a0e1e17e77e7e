#include <errno.h>

#include "sipprobe/expect.h"
#include "sipprobe/clock.h"
#include "sipprobe/compat.h"
#include "sipprobe/ticker.h"

struct expect {
	struct wheel_timer timer;
	struct ticker *ticker;
	int64_t period_ns;
	int64_t last_ns;
	expect_h *h;
	void *arg;
	bool missing;
};

static void due_h(struct wheel_timer *timer, int64_t now_ns);

static void destructor(void *arg)
{
	struct expect *e = arg;

	ticker_cancel(e->ticker, &e->timer);
}

static void arm(struct expect *e)
{
	ticker_start(e->ticker, &e->timer, e->last_ns + e->period_ns, due_h);
}

/* The timer is not moved each time: when it fires it looks at what happened since. */
static void due_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct expect *e = wheel_owner(timer, struct expect, timer);

	if (e->last_ns + e->period_ns > now_ns) {
		arm(e);
		return;
	}
	e->missing = true;
	e->h(e->arg);
}

int expect_alloc(struct expect **ep, struct ticker *ticker, int64_t period_ns,
		 expect_h *h, void *arg)
{
	struct expect *e = mem_zalloc(sizeof(*e), destructor);

	if (!e)
		return ENOMEM;
	e->ticker = ticker;
	e->period_ns = period_ns;
	e->last_ns = clock_monotonic_ns();
	e->h = h;
	e->arg = arg;
	arm(e);
	*ep = e;
	return 0;
}

void expect_seen(struct expect *e)
{
	bool back = e->missing;

	e->last_ns = clock_monotonic_ns();
	e->missing = false;
	if (!back)
		return;
	arm(e);
	e->h(e->arg);
}

bool expect_missing(const struct expect *e)
{
	return e && e->missing;
}

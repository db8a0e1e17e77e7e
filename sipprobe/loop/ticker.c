#include "sipprobe/loop/ticker.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/loop/compat.h"

/* Later than that, we stood still, or were so busy that it comes to the same. */
#define TICKER_LATE_NS (20 * CLOCK_NS_PER_MS)

struct ticker {
	struct wheel *wheel;
	int fd;
	int64_t armed_ns; /* when the descriptor fires; INT64_MAX: it does not */
	bool gave_way;	  /* sockets had their turn since it was late */
	bool running;	  /* inside wheel_run(), which tells the next time itself */
};

static void ticker_destructor(void *arg)
{
	struct ticker *tk = arg;

	if (tk->fd >= 0) {
		fd_close(tk->fd);
		(void)close(tk->fd);
	}
	mem_deref(tk->wheel);
}

static void ticker_arm(struct ticker *tk, int64_t at_ns)
{
	struct itimerspec its = {0};

	if (at_ns == tk->armed_ns)
		return;
	/* Zero would disarm: neither now nor a wheel's next tick is that. */
	if (at_ns != INT64_MAX) {
		its.it_value.tv_sec = at_ns / CLOCK_NS_PER_S;
		its.it_value.tv_nsec = at_ns % CLOCK_NS_PER_S;
	}
	/* Fails for arguments only, and these are right. */
	(void)timerfd_settime(tk->fd, TFD_TIMER_ABSTIME, &its, NULL);
	tk->armed_ns = at_ns;
}

static void ticker_tick_h(int flags, void *arg)
{
	struct ticker *tk = arg;
	int64_t now_ns = clock_monotonic_ns();
	uint64_t expirations;
	int64_t next_ns;
	bool late;

	(void)flags;
	(void)!read(tk->fd, &expirations, sizeof(expirations));
	/* What arrived meanwhile is read before anybody is said to have missed a time. */
	late = now_ns - tk->armed_ns > TICKER_LATE_NS && !tk->gave_way;
	tk->gave_way = late;
	tk->armed_ns = INT64_MAX;
	if (late) {
		ticker_arm(tk, now_ns);
		return;
	}
	tk->running = true;
	next_ns = wheel_run(tk->wheel, clock_monotonic_ns());
	tk->running = false;
	ticker_arm(tk, next_ns);
}

int ticker_alloc(struct ticker **tp)
{
	struct ticker *tk = mem_zalloc(sizeof(*tk), ticker_destructor);
	int err;

	if (!tk)
		return ENOMEM;
	tk->armed_ns = INT64_MAX;
	tk->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (tk->fd < 0) {
		err = errno;
		goto out;
	}
	err = wheel_alloc(&tk->wheel, clock_monotonic_ns());
	if (!err)
		err = fd_listen(tk->fd, FD_READ, ticker_tick_h, tk);

out:
	if (err)
		mem_deref(tk);
	else
		*tp = tk;
	return err;
}

/* Whether the descriptor is set for this timer, which is about to move: as for others. */
static bool ticker_awaits(const struct ticker *tk, const struct wheel_timer *t)
{
	return wheel_armed(t) && wheel_due_ns(t) == tk->armed_ns;
}

void ticker_start(struct ticker *tk, struct wheel_timer *t, int64_t at_ns, wheel_h *h)
{
	bool awaited = ticker_awaits(tk, t);

	wheel_start(tk->wheel, t, at_ns, h);
	/* A timer that fires later than the descriptor costs no system call. */
	if (!tk->running && (awaited || at_ns < tk->armed_ns))
		ticker_arm(tk, wheel_next_ns(tk->wheel));
}

void ticker_cancel(struct ticker *tk, struct wheel_timer *t)
{
	bool awaited = ticker_awaits(tk, t);

	wheel_cancel(tk->wheel, t);
	/* A system call is cheaper than being woken for nothing. */
	if (!tk->running && awaited)
		ticker_arm(tk, wheel_next_ns(tk->wheel));
}

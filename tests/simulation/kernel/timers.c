/* Timer descriptors, set for a time and once, as the wheel's and the alarm's are. */
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>

#include "tests/simulation/kernel/fds.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/world.h"
#include "tests/simulation/kernel/wrapped.h"

struct timer {
	int fd;
	unsigned refs; /* the descriptor's, and one for each time it is set for */
	int64_t at_ns;
	bool fired;
	bool closed;
};

static void timer_let_go(struct timer *t)
{
	if (!--t->refs)
		memory_free(t);
}

static int timer_ready(void *thing)
{
	return ((const struct timer *)thing)->fired ? FD_READ : 0;
}

static void timer_close(void *thing)
{
	struct timer *t = thing;

	t->closed = true;
	timer_let_go(t);
}

static const struct fd_kind timer_kind = {timer_ready, timer_close};

static void timer_fire_h(void *arg)
{
	struct timer *t = arg;

	/* Set anew since then, it waits for its new time. */
	if (!t->closed && t->at_ns && t->at_ns <= world_now_ns()) {
		t->at_ns = 0;
		t->fired = true;
		fds_touch(t->fd);
	}
	timer_let_go(t);
}

int __wrap_timerfd_create(int clock, int flags)
{
	struct timer *t = memory_get(sizeof(*t));

	(void)clock, (void)flags;
	t->refs = 1;
	t->fd = fds_open(&timer_kind, t);
	if (t->fd < 0) {
		memory_free(t);
		return -1;
	}
	return t->fd;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *its,
			   struct itimerspec *old)
{
	struct timer *t = fds_get(fd, &timer_kind);

	(void)old;
	if (!t || flags != TFD_TIMER_ABSTIME || its->it_interval.tv_sec) {
		errno = EINVAL;
		return -1;
	}
	t->fired = false;
	t->at_ns = its->it_value.tv_sec * WORLD_S + its->it_value.tv_nsec;
	if (t->at_ns) {
		t->refs++;
		world_at(t->at_ns, timer_fire_h, t);
	}
	return 0;
}

ssize_t __wrap_read(int fd, void *buf, size_t n)
{
	struct timer *t = fds_get(fd, &timer_kind);
	uint64_t one = 1;

	if (!t && errno == EBADF)
		return __real_read(fd, buf, n);
	if (!t || n < sizeof(one) || !t->fired) {
		errno = EAGAIN;
		return -1;
	}
	t->fired = false;
	memcpy(buf, &one, sizeof(one));
	return sizeof(one);
}

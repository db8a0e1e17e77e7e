#include "sipprobe/loop/alarm.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

struct alarm {
	int fd;
	int64_t at_ns;
	alarm_h *h;
	void *arg;
};

static void alarm_destructor(void *data)
{
	struct alarm *a = data;

	if (a->fd < 0)
		return;
	fd_close(a->fd);
	close(a->fd);
}

static void alarm_fd_h(int flags, void *arg)
{
	struct alarm *a = arg;
	uint64_t fired;

	(void)flags;
	if (read(a->fd, &fired, sizeof(fired)) != (ssize_t)sizeof(fired))
		return;
	a->at_ns = INT64_MAX;
	a->h(a->arg);
}

int alarm_alloc(struct alarm **ap, alarm_h *h, void *arg)
{
	struct alarm *a = mem_zalloc(sizeof(*a), alarm_destructor);
	int err = 0;

	if (!a)
		return ENOMEM;
	a->at_ns = INT64_MAX;
	a->h = h;
	a->arg = arg;
	a->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (a->fd < 0)
		err = errno;
	else
		err = fd_listen(a->fd, FD_READ, alarm_fd_h, a);
	if (err)
		mem_deref(a);
	else
		*ap = a;
	return err;
}

void alarm_set(struct alarm *a, int64_t at_ns)
{
	struct itimerspec its = {0};

	if (at_ns == a->at_ns)
		return;
	a->at_ns = at_ns;
	if (at_ns < 1)
		at_ns = 1; /* 0 would disarm */
	if (at_ns != INT64_MAX) {
		its.it_value.tv_sec = (time_t)(at_ns / CLOCK_NS_PER_S);
		its.it_value.tv_nsec = (long)(at_ns % CLOCK_NS_PER_S);
	}
	timerfd_settime(a->fd, TFD_TIMER_ABSTIME, &its, NULL);
}

#include "exporter/http/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/loop.h"

static bool systemd_listens(int fd)
{
	return sd_is_socket(fd, 0, SOCK_STREAM, 1) > 0;
}

int systemd_sockets(int *fds, size_t *count, size_t max)
{
	/* The variables go, so that nothing takes the sockets for its own again. */
	int n = sd_listen_fds(1), err = 0;

	if (n < 0)
		return -n;
	if (!n)
		return ENOENT;
	if ((size_t)n > max)
		err = E2BIG;
	for (int i = 0; i < n && !err; i++) {
		fds[i] = SD_LISTEN_FDS_START + i;
		if (!systemd_listens(fds[i]))
			err = EINVAL;
		else if (fcntl(fds[i], F_SETFL, O_NONBLOCK))
			err = errno;
	}
	if (err) {
		for (int i = 0; i < n; i++)
			close(SD_LISTEN_FDS_START + i);
		return err;
	}
	*count = (size_t)n;
	return 0;
}

void systemd_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void systemd_reloading(void)
{
	/* Type=notify-reload wants to know when: a READY from before does not count. */
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
			 clock_monotonic_ns() / CLOCK_NS_PER_US);
}

void systemd_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

static void systemd_alive_h(void *arg)
{
	(void)arg;
	(void)sd_notify(0, "WATCHDOG=1");
}

int systemd_watchdog(void)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	/* Three times in each period: one late tick is no reason for a restart. */
	return loop_every((int64_t)usec * CLOCK_NS_PER_US / 3, systemd_alive_h, NULL);
}

#include "exporter/systemd.h"

#include <stdint.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "sipprobe/loop.h"

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

/* Notifications to systemd, sd_notify(3). Where it did not start us they do nothing. */
#ifndef EXPORTER_SYSTEMD_H
#define EXPORTER_SYSTEMD_H

/* The service is up. */
void systemd_ready(void);

/* A reload begins; systemd_ready() ends it. */
void systemd_reloading(void);

/* The service ends. */
void systemd_stopping(void);

/*
 * If the service is watched (WatchdogSec=), says from the main thread's loop that it
 * lives: a loop that is stuck falls silent, and is restarted. Returns 0 or errno.
 */
int systemd_watchdog(void);

#endif

/* What systemd passes to a service, and what it wants to hear. Without it, nothing. */
#ifndef EXPORTER_HTTP_SYSTEMD_H
#define EXPORTER_HTTP_SYSTEMD_H

#include <stddef.h>

/*
 * Takes the sockets that were passed (sd_listen_fds(3)) and listen for streams; they are
 * the caller's then.
 *
 * Returns 0; ENOENT for none; E2BIG for more than @max; EINVAL for one that does not
 * listen; errno.
 */
int systemd_sockets(int *fds, size_t *count, size_t max);

/* The service is up. */
void systemd_ready(void);

/* A reload begins; systemd_ready() ends it. */
void systemd_reloading(void);

/* The service ends. */
void systemd_stopping(void);

/*
 * Where the service is watched (WatchdogSec=), says from the main thread's loop that it
 * lives: a loop that is stuck falls silent, and is restarted. Returns 0 or errno.
 */
int systemd_watchdog(void);

#endif

/* Sockets that systemd passes, for .socket units. */
#ifndef EXPORTER_HTTP_HTTP_SYSTEMD_H
#define EXPORTER_HTTP_HTTP_SYSTEMD_H

#include <stddef.h>

/*
 * Takes the sockets that were passed (sd_listen_fds(3)) and listen for streams; they are
 * the caller's then.
 *
 * Returns 0; ENOENT for none; E2BIG for more than @max; EINVAL for one that does not
 * listen; errno.
 */
int http_systemd_sockets(int *fds, size_t *count, size_t max);

#endif

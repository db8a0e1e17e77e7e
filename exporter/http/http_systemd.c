#include "exporter/http/http_systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static bool http_systemd_listens(int fd)
{
	return sd_is_socket(fd, 0, SOCK_STREAM, 1) > 0;
}

int http_systemd_sockets(int *fds, size_t *count, size_t max)
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
		if (!http_systemd_listens(fds[i]))
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

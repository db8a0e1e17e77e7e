#include "sipprobe/loop/ip_source.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int ip_source(struct sa *src, const struct sa *dst)
{
	struct sockaddr_in6 name = {0};
	socklen_t len = sizeof(name);
	int err = 0;
	int fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (connect(fd, &dst->u.sa, dst->len) ||
	    getsockname(fd, (struct sockaddr *)&name, &len))
		err = errno;
	else
		err = sa_set_sa(src, (struct sockaddr *)&name);
	(void)close(fd);
	if (!err)
		sa_set_port(src, 0);
	return err;
}

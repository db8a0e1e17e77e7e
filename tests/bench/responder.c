#include "tests/bench/responder.h"

#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char status[] = "SIP/2.0 200 OK";

/* The answer is the request with another start line: cheap beside the sockets. */
static void answer_one(int fd)
{
	char buf[4096];
	char control[128];
	struct sockaddr_in peer;
	struct iovec iov[2] = {{buf, sizeof(buf)}};
	struct msghdr h = {
		.msg_name = &peer,
		.msg_namelen = sizeof(peer),
		.msg_iov = iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &h, 0);
	char *line_end = n > 0 ? memchr(buf, '\r', (size_t)n) : NULL;
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	if (!line_end || !c)
		return;
	/* The control data goes back as it came: answer from the address asked. */
	((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_ifindex = 0;
	((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_spec_dst =
		((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_addr;
	iov[0] = (struct iovec){(char *)(uintptr_t)status, sizeof(status) - 1};
	iov[1] = (struct iovec){line_end, (size_t)(buf + n - line_end)};
	h.msg_iovlen = 2;
	h.msg_flags = 0;
	(void)sendmsg(fd, &h, 0);
}

pid_t responder_start(uint16_t *port)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t len = sizeof(any);
	int on = 1;
	int bytes = 1 << 20; /* more would only make a late answer later */
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	pid_t pid;

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
	    getsockname(fd, (struct sockaddr *)&any, &len) ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)))
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	*port = ntohs(any.sin_port);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			answer_one(fd);
	}
	(void)close(fd);
	return pid;
}

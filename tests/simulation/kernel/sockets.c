#include "tests/simulation/kernel/sockets.h"

#include <errno.h>
#include <string.h>

#include "tests/simulation/kernel/datagrams.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/kernel/world.h"

enum { PORT_FIRST = 32768, PORTS = 28000 };

void sockets_own(struct sa *sa, int af, uint16_t port)
{
	(void)sa_set_str(sa, af == AF_INET6 ? "fd00::ffff" : "10.255.0.1", port);
}

uint16_t sockets_port(void)
{
	static unsigned used;

	return (uint16_t)(PORT_FIRST + used++ % PORTS);
}

struct socket *sockets_get(int fd)
{
	struct socket *s = fds_get(fd, &datagrams_kind);

	return s ? s : fds_get(fd, &pipes_kind);
}

void sockets_control(struct msghdr *h, int level, int type, const void *p, size_t len)
{
	struct cmsghdr *c = h->msg_control;

	if (h->msg_controllen < CMSG_SPACE(len)) {
		h->msg_flags |= MSG_CTRUNC;
		h->msg_controllen = 0;
		return;
	}
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), p, len);
	h->msg_controllen = CMSG_SPACE(len);
}

int __wrap_socket(int af, int type, int protocol)
{
	(void)protocol;
	world_call();
	return (type & 0xf) == SOCK_STREAM ? pipes_socket(af) : datagrams_socket(af);
}

int __wrap_setsockopt(int fd, int level, int name, const void *p, socklen_t len)
{
	(void)level, (void)name, (void)p, (void)len; /* as every one of them is on here */
	return sockets_get(fd) ? 0 : -1;
}

int __wrap_getsockopt(int fd, int level, int name, void *p, socklen_t *len)
{
	return pipes_ask_option(fd, level, name, p, len);
}

int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct socket *s = sockets_get(fd);

	(void)len;
	if (!s || sa_set_sa(&s->local, sa))
		return -1;
	if (s->kind == &datagrams_kind && datagrams_taken(&s->local)) {
		sa_init(&s->local, sa_af(&s->local));
		errno = EADDRINUSE;
		return -1;
	}
	if (!sa_port(&s->local) && s->kind == &datagrams_kind)
		sa_set_port(&s->local, sockets_port());
	return 0;
}

int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct socket *s = sockets_get(fd);

	(void)len;
	world_call();
	if (!s || sa_set_sa(&s->peer, sa))
		return -1;
	if (s->kind == &pipes_kind)
		return pipes_connect(fd);
	sockets_own(&s->local, sa_af(&s->peer), sockets_port());
	return 0;
}

static int sockets_name(const struct sa *name, struct sockaddr *sa, socklen_t *len)
{
	if (*len < name->len) {
		errno = EINVAL;
		return -1;
	}
	memcpy(sa, &name->u.sa, name->len);
	*len = name->len;
	return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
	const struct socket *s = sockets_get(fd);

	return s ? sockets_name(&s->local, sa, len) : -1;
}

int __wrap_getpeername(int fd, struct sockaddr *sa, socklen_t *len)
{
	const struct socket *s = sockets_get(fd);

	if (s && !pipes_connected(fd)) {
		errno = ENOTCONN;
		return -1;
	}
	return s ? sockets_name(&s->peer, sa, len) : -1;
}

int __wrap_fcntl(int fd, int cmd, long arg)
{
	(void)fd, (void)cmd, (void)arg; /* all sockets here are non-blocking */
	return 0;
}

int __wrap_fcntl64(int fd, int cmd, long arg)
{
	return __wrap_fcntl(fd, cmd, arg);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *h, int flags)
{
	world_call();
	return fds_get(fd, &datagrams_kind) ? datagrams_error(fd, h, flags)
					    : pipes_receive(fd, h);
}

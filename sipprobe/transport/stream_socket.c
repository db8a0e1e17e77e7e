/* Socket calls of a stream, without the rest of it. */
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "sipprobe/transport/stream_private.h"

enum probe_outcome stream_outcome_of(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return PROBE_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENONET:
	case ENETDOWN:
	case EACCES:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTO:
		return PROBE_UNREACHABLE;
	default:
		return PROBE_CONNECT;
	}
}

int stream_socket_setup(int fd)
{
	int stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return errno;
	return 0;
}

int stream_socket_share(int fd)
{
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ? errno : 0;
}

int stream_socket_bind(int fd, const struct sa *laddr)
{
	const struct linger reset = {.l_onoff = 1};
	int on = 1;
	int err;

	if (sa_port(laddr))
		err = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		      stream_socket_share(fd) ||
		      setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	else
		err = setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
				 sizeof(on));
	return err || bind(fd, &laddr->u.sa, laddr->len) ? errno : 0;
}

int stream_socket_dscp(int fd, int af, unsigned dscp)
{
	int tos = (int)(dscp << 2);
	int err = af == AF_INET6
			  ? setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos))
			  : setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));

	return err ? errno : 0;
}

/* From a port that was asked for there can be but one connection to a peer. */
static int stream_socket_error(const struct stream_way *way, int err)
{
	bool port = way && way->local && sa_port(way->local);

	return port && err == EADDRNOTAVAIL ? EADDRINUSE : err;
}

int stream_socket_connect(int fd, const struct sa *peer, const struct stream_way *way)
{
	int err = way && way->local ? stream_socket_bind(fd, way->local) : 0;

	if (!err && way && way->dscp)
		err = stream_socket_dscp(fd, sa_af(peer), way->dscp);
	if (err)
		return err;
	if (connect(fd, &peer->u.sa, peer->len) && errno != EINPROGRESS)
		return stream_socket_error(way, errno);
	return 0;
}

bool stream_socket_is_overdue(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) && info.tcpi_unacked &&
	       info.tcpi_retransmits;
}

void stream_peer_normalise(struct sa *sa)
{
	const uint8_t *b = sa->u.in6.sin6_addr.s6_addr;
	uint32_t v4;

	if (sa_af(sa) != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&sa->u.in6.sin6_addr))
		return;
	v4 = (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15];
	sa_set_in(sa, v4, sa_port(sa));
}

static int64_t stamp_of(struct msghdr *msg, const struct clock_stamps *stamps,
			const struct clock_pair *now)
{
	struct timespec ts;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPING)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		if (ts.tv_sec)
			return clock_of_stamp_ns(stamps, now, clock_of_timespec(&ts));
	}
	return now->now_ns;
}

ssize_t stream_socket_read(int fd, char *buf, size_t size, struct clock_stamps *stamps,
			   int64_t *rx_ns)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(struct timespec)) +
					      CMSG_SPACE(sizeof(struct timespec))];
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct clock_pair now;
	ssize_t n;

	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n;
	now = clock_look();
	*rx_ns = stamp_of(&msg, stamps, &now);
	clock_stamps_read(stamps, &now, (size_t)n < size);
	return n;
}

ssize_t stream_socket_send(int fd, const char *buf, size_t len, bool *broken)
{
	ssize_t n = send(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return n;
	switch (errno) {
	case EAGAIN:
	case EINTR:
		return 0;
	case EPIPE:
	case ECONNRESET:
		*broken = true;
		return (ssize_t)len;
	default:
		return -errno;
	}
}

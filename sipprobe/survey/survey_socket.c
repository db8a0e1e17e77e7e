#include "sipprobe/survey/survey_socket.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	SOCKET_DATAGRAM_MAX = 65536,
	SOCKET_READS_MAX = 64, /* a wake; then the loop gets its turn */
	SOCKET_TRIES = 4,
	IPV6_LEAST_MTU = 1280, /* RFC 8200 5 */
};

struct survey_socket {
	struct sa local;
	struct sa peer;
	int fd;
	bool anywhere;	  /* it is not connected */
	uint32_t own_mtu; /* of our network, as the kernel told last; 0: it did not */
	struct clock_stamps stamps;
	const struct survey_socket_events *events;
	void *arg;
};

/* A handler runs to its end before the next read. */
static char datagram[SOCKET_DATAGRAM_MAX];

static void survey_socket_destructor(void *arg)
{
	struct survey_socket *s = arg;

	if (s->fd < 0)
		return;
	fd_close(s->fd);
	(void)close(s->fd);
}

static bool is_v6(const struct survey_socket *s)
{
	return sa_af(&s->local) == AF_INET6;
}

static int64_t stamp_of(struct survey_socket *s, struct msghdr *h)
{
	struct clock_pair now = clock_look();
	int64_t at_ns = now.now_ns;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		at_ns = clock_of_stamp_ns(&s->stamps, &now, clock_of_timespec(&ts));
	}
	clock_stamps_read(&s->stamps, &now, false);
	return at_ns;
}

/* @to: what the datagram was sent to */
static void tell_error(struct survey_socket *s, struct sock_extended_err *e,
		       const struct sockaddr_in6 *to)
{
	struct survey_error told = {.err = (int)e->ee_errno, .mtu = e->ee_info};
	struct sa dst;

	if (e->ee_origin == SO_EE_ORIGIN_LOCAL) {
		s->own_mtu = e->ee_info;
		return;
	}
	if (e->ee_origin != SO_EE_ORIGIN_ICMP && e->ee_origin != SO_EE_ORIGIN_ICMP6)
		return;
	/* Unconnected, the kernel looks at our end alone: whoever guesses that forges. */
	if (s->anywhere && (sa_set_sa(&dst, (const struct sockaddr *)to) ||
			    !sa_cmp(&dst, &s->peer, SA_ALL)))
		return;
	if (sa_set_sa(&told.router, SO_EE_OFFENDER(e)))
		sa_init(&told.router, AF_UNSPEC);
	s->events->error_h(&told, s->arg);
}

/* Returns whether there may be more. */
static bool read_error(struct survey_socket *s)
{
	_Alignas(struct cmsghdr) char control[512];
	struct iovec iov = {datagram, sizeof(datagram)};
	struct sockaddr_in6 to = {0};
	struct msghdr h = {.msg_name = &to,
			   .msg_namelen = sizeof(to),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};

	if (recvmsg(s->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			tell_error(s, (void *)CMSG_DATA(c), &to);
	return true;
}

/* Returns whether there may be more: an error that is handed to us is none. */
static bool read_datagram(struct survey_socket *s)
{
	_Alignas(struct cmsghdr) char control[128];
	struct iovec iov = {datagram, sizeof(datagram)};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(s->fd, &h, MSG_DONTWAIT);

	if (n < 0)
		return errno != EAGAIN && errno != EWOULDBLOCK;
	if (!(h.msg_flags & MSG_TRUNC))
		s->events->datagram_h(datagram, (size_t)n, stamp_of(s, &h), s->arg);
	return true;
}

static void survey_socket_ready_h(int flags, void *arg)
{
	struct survey_socket *s = arg;

	/* A handler may close the socket. */
	mem_ref(s);
	if (flags & FD_EXCEPT)
		for (int left = SOCKET_READS_MAX; left && read_error(s);)
			left--;
	for (int left = SOCKET_READS_MAX; left && mem_nrefs(s) > 1 && read_datagram(s);)
		left--;
	mem_deref(s);
}

static int set_options(const struct survey_socket *s, int af, unsigned dscp)
{
	const int tos = (int)(dscp << 2), on = 1;
	int err = 0;

	if (setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		err = errno;
	if (af == AF_INET6) {
		if (setsockopt(s->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) ||
		    setsockopt(s->fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos)))
			err = errno;
	} else if (setsockopt(s->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) ||
		   setsockopt(s->fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos))) {
		err = errno;
	}
	return err;
}

static int local_of(struct sa *local, int fd)
{
	struct sockaddr_in6 name = {0};
	socklen_t len = sizeof(name);

	if (getsockname(fd, (struct sockaddr *)&name, &len))
		return errno;
	return sa_set_sa(local, (struct sockaddr *)&name);
}

/* The address that the kernel sends from to a peer, without a port. */
static int source_of(struct sa *from, const struct sa *peer)
{
	int fd = socket(sa_af(peer), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return errno;
	err = connect(fd, &peer->u.sa, peer->len) ? errno : local_of(from, fd);
	(void)close(fd);
	if (!err)
		sa_set_port(from, 0);
	return err;
}

static int socket_bind(const struct survey_socket *s,
		       const struct survey_socket_info *info)
{
	struct sa from;
	int err;

	sa_init(&from, AF_UNSPEC);
	err = info->address ? sa_set_str(&from, info->address, 0)
			    : source_of(&from, info->peer);
	if (err)
		return err;
	return bind(s->fd, &from.u.sa, from.len) ? errno : 0;
}

/* A question's Via and Contact need our address, connected or not. */
static int socket_attach(struct survey_socket *s, const struct survey_socket_info *info)
{
	int err = info->address || info->anywhere ? socket_bind(s, info) : 0;

	if (err)
		return err;
	if (!info->anywhere && connect(s->fd, &info->peer->u.sa, info->peer->len))
		return errno;
	return local_of(&s->local, s->fd);
}

int survey_socket_alloc(struct survey_socket **sp, const struct survey_socket_info *info,
			const struct survey_socket_events *events, void *arg)
{
	struct survey_socket *s = mem_zalloc(sizeof(*s), survey_socket_destructor);
	int err;

	if (!s)
		return ENOMEM;
	s->events = events;
	s->arg = arg;
	s->peer = *info->peer;
	s->anywhere = info->anywhere;
	s->stamps = clock_stamps_begin();
	s->fd = socket(sa_af(info->peer), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = s->fd < 0 ? errno : 0;
	if (!err)
		err = set_options(s, sa_af(info->peer), info->dscp);
	if (!err)
		err = socket_attach(s, info);
	if (!err)
		err = fd_listen(s->fd, FD_READ | FD_EXCEPT, survey_socket_ready_h, s);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

const struct sa *survey_socket_local(const struct survey_socket *s)
{
	return &s->local;
}

static int set_cut(const struct survey_socket *s, enum survey_cut cut)
{
	int how = cut == SURVEY_WHOLE ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT;
	int pieces = cut == SURVEY_CUT_AS_MOST ? IPV6_LEAST_MTU : 0;

	_Static_assert(IP_PMTUDISC_PROBE == IPV6_PMTUDISC_PROBE &&
			       IP_PMTUDISC_DONT == IPV6_PMTUDISC_DONT,
		       "one number for both");
	if (!is_v6(s))
		return setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof(how))
			       ? errno
			       : 0;
	if (setsockopt(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &how, sizeof(how)) ||
	    setsockopt(s->fd, IPPROTO_IPV6, IPV6_MTU, &pieces, sizeof(pieces)))
		return errno;
	return 0;
}

static ssize_t send_one(const struct survey_socket *s, const char *buf, size_t len)
{
	return s->anywhere ? sendto(s->fd, buf, len, 0, &s->peer.u.sa, s->peer.len)
			   : send(s->fd, buf, len, 0);
}

int survey_socket_send(struct survey_socket *s, const char *buf, size_t len,
		       enum survey_cut cut, uint32_t *mtu)
{
	int err = set_cut(s, cut);

	/* What ICMP said of an earlier datagram is handed to the next call. */
	for (int tries = err ? 0 : SOCKET_TRIES; tries; tries--) {
		err = send_one(s, buf, len) < 0 ? errno : 0;
		if (err != ECONNREFUSED && err != EHOSTUNREACH && err != ENETUNREACH &&
		    err != EMSGSIZE && err != EPROTO && err != EACCES)
			break;
	}
	s->own_mtu = 0;
	if (err == EMSGSIZE)
		for (int left = SOCKET_READS_MAX; left && read_error(s);)
			left--;
	*mtu = s->own_mtu;
	return err;
}

#include "tests/simulation/kernel/datagrams.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>

#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/net.h"
#include "tests/simulation/kernel/world.h"

enum { QUEUE_MAX = 4096 };

struct datagram {
	struct datagram *next;
	struct sa src; /* of an ICMP error: whom we had sent to */
	int64_t stamp_ns;
	int err;
	size_t len;
	char buf[];
};

struct queue {
	struct datagram *first, **last;
	unsigned count;
};

struct datagrams {
	struct socket socket;
	struct datagrams *next;
	struct queue in, errors;
};

static struct {
	struct datagrams *all;
	uint64_t failing;
	int fail_err;
	unsigned fail_ppm;
} datagrams;

static int datagrams_ready(void *thing)
{
	const struct datagrams *d = thing;

	return (d->in.first ? FD_READ : 0) | (d->errors.first ? FD_EXCEPT : 0);
}

static void queue_drop(struct queue *q)
{
	struct datagram *d = q->first;

	q->first = d->next;
	q->count--;
	if (!q->first)
		q->last = &q->first;
	memory_free(d);
}

static void queue_add(struct queue *q, struct datagram *d)
{
	*q->last = d;
	q->last = &d->next;
	q->count++;
}

static void datagrams_close(void *thing)
{
	struct datagrams *d = thing, **at = &datagrams.all;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	while (d->in.first)
		queue_drop(&d->in);
	while (d->errors.first)
		queue_drop(&d->errors);
	memory_free(d);
}

const struct fd_kind datagrams_kind = {datagrams_ready, datagrams_close};

int datagrams_socket(int af)
{
	struct datagrams *d = memory_get(sizeof(*d));

	d->socket.kind = &datagrams_kind;
	sa_init(&d->socket.local, af);
	d->in.last = &d->in.first;
	d->errors.last = &d->errors.first;
	d->next = datagrams.all;
	d->socket.fd = fds_open(&datagrams_kind, d);
	if (d->socket.fd < 0) {
		memory_free(d);
		return -1;
	}
	datagrams.all = d;
	return d->socket.fd;
}

static struct datagrams *datagrams_at(const struct sa *local)
{
	struct datagrams *d = datagrams.all;

	while (d && (sa_af(&d->socket.local) != sa_af(local) ||
		     sa_port(&d->socket.local) != sa_port(local) ||
		     sa_isset(&d->socket.peer, SA_PORT)))
		d = d->next;
	return d;
}

bool datagrams_taken(const struct sa *local)
{
	/* The one that asks has it already. */
	const struct datagrams *d = sa_port(local) ? datagrams_at(local) : NULL;
	unsigned count = 0;

	for (; d; d = d->next)
		count += sa_af(&d->socket.local) == sa_af(local) &&
			 sa_port(&d->socket.local) == sa_port(local);
	return count > 1;
}

static struct datagram *datagram_make(const struct sa *src, const char *buf, size_t len,
				      int err)
{
	struct datagram *d = memory_get(sizeof(*d) + len);

	d->src = *src;
	d->stamp_ns = world_wall_ns();
	d->err = err;
	d->len = len;
	memcpy(d->buf, buf, len);
	world_note((uint64_t)world_now_ns() ^ len ^ (uint64_t)err << 32);
	return d;
}

bool datagrams_arrive(const struct sa *dst, const struct sa *src, const char *buf,
		      size_t len)
{
	struct datagrams *d = datagrams_at(dst);

	if (!d || d->in.count >= QUEUE_MAX)
		return false;
	queue_add(&d->in, datagram_make(src, buf, len, 0));
	fds_touch(d->socket.fd);
	return true;
}

bool datagrams_refuse(const struct sa *dst, const struct sa *peer, int err,
		      const char *buf, size_t len)
{
	struct datagrams *d = datagrams_at(dst);

	if (!d)
		return false;
	queue_add(&d->errors, datagram_make(peer, buf, len, err));
	fds_touch(d->socket.fd);
	return true;
}

void datagrams_fail(uint64_t seed, int err, unsigned ppm)
{
	datagrams.failing = seed;
	datagrams.fail_err = err;
	datagrams.fail_ppm = ppm;
}

ssize_t __wrap_sendto(int fd, const void *buf, size_t n, int flags,
		      const struct sockaddr *to, socklen_t len)
{
	const struct datagrams *d = fds_get(fd, &datagrams_kind);
	struct sa src, dst;
	bool fails;

	(void)flags, (void)len;
	world_call();
	if (!d || sa_set_sa(&dst, to))
		return -1;
	fails = datagrams.fail_ppm && chance_of(&datagrams.failing, datagrams.fail_ppm);
	sockets_own(&src, sa_af(&dst), sa_port(&d->socket.local));
	world_note((uint64_t)world_now_ns() ^ n ^ (uint64_t)sa_hash(&dst, SA_ALL) << 32);
	world_leave();
	net_sent(&src, &dst, buf, n, !fails);
	world_return();
	if (!fails)
		return (ssize_t)n;
	errno = datagrams.fail_err;
	return -1;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *h, int flags)
{
	return __wrap_sendto(fd, h->msg_iov[0].iov_base, h->msg_iov[0].iov_len, flags,
			     h->msg_name, h->msg_namelen);
}

static size_t datagram_copy(struct msghdr *h, const struct datagram *d)
{
	size_t n = d->len < h->msg_iov[0].iov_len ? d->len : h->msg_iov[0].iov_len;

	memcpy(h->msg_iov[0].iov_base, d->buf, n);
	memcpy(h->msg_name, &d->src.u.sa, d->src.len);
	h->msg_namelen = d->src.len;
	h->msg_flags = 0;
	return n;
}

int __wrap_recvmmsg(int fd, struct mmsghdr *v, unsigned n, int flags, struct timespec *ts)
{
	struct datagrams *d = fds_get(fd, &datagrams_kind);
	unsigned i = 0;

	(void)flags, (void)ts;
	world_call();
	for (; d && d->in.first && i < n; i++) {
		const struct datagram *first = d->in.first;
		struct timespec at = {.tv_sec = first->stamp_ns / WORLD_S,
				      .tv_nsec = first->stamp_ns % WORLD_S};

		v[i].msg_len = (unsigned)datagram_copy(&v[i].msg_hdr, first);
		sockets_control(&v[i].msg_hdr, SOL_SOCKET, SCM_TIMESTAMPNS, &at,
				sizeof(at));
		queue_drop(&d->in);
	}
	if (!i)
		errno = EAGAIN;
	return i ? (int)i : -1;
}

ssize_t datagrams_error(int fd, struct msghdr *h, int flags)
{
	struct datagrams *d = fds_get(fd, &datagrams_kind);
	struct sock_extended_err e = {0};
	bool v6;
	ssize_t n;

	if ((flags & MSG_PEEK) && d->in.first)
		return 0;
	if (!(flags & MSG_ERRQUEUE) || !d->errors.first) {
		errno = EAGAIN;
		return -1;
	}
	v6 = sa_af(&d->errors.first->src) == AF_INET6;
	e.ee_errno = (uint32_t)d->errors.first->err;
	e.ee_origin = v6 ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP;
	n = (ssize_t)datagram_copy(h, d->errors.first);
	sockets_control(h, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR,
			&e, sizeof(e));
	queue_drop(&d->errors);
	return n;
}

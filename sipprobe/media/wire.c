#include "sipprobe/media/wire.h"

#include <string.h>
#include <unistd.h>

enum { WIRE_CONTROL_BYTES = 64 };

struct wire_batch {
	uint8_t data[WIRE_BATCH][WIRE_PACKET_ROOM];
	char control[WIRE_BATCH][WIRE_CONTROL_BYTES] __attribute__((aligned(16)));
	struct sockaddr_in6 names[WIRE_BATCH];
	struct iovec iov[WIRE_BATCH];
	struct mmsghdr msgs[WIRE_BATCH];
};

int64_t wire_now_ns(void)
{
	return clock_monotonic_ns();
}

static int wire_set_options(int fd, int af, unsigned dscp)
{
	int on = 1, tos = (int)(dscp << 2);
	bool v6 = af == AF_INET6;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		return errno;
	if (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return errno;
	if (dscp && setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			       v6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof(tos)))
		return errno;
	return 0;
}

static void wire_close(struct wire *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
}

static int wire_open(struct wire *w, const struct sa *local, unsigned dscp)
{
	int err;

	w->fd = socket(sa_af(local), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return errno;
	w->stamps = clock_stamps_begin();
	err = wire_set_options(w->fd, sa_af(local), dscp);
	if (!err && bind(w->fd, &local->u.sa, local->len))
		err = errno;
	if (err)
		wire_close(w);
	return err;
}

void wire_pair_close(struct wire_pair *pair)
{
	wire_close(&pair->rtp);
	wire_close(&pair->rtcp);
}

static int wire_pair_try(struct wire_pair *pair, struct sa *local, uint16_t port,
			 unsigned dscp)
{
	int err;

	sa_set_port(local, (uint16_t)(port + 1));
	err = wire_open(&pair->rtcp, local, dscp);
	sa_set_port(local, port);
	if (!err)
		err = wire_open(&pair->rtp, local, dscp);
	if (err)
		wire_pair_close(pair);
	return err;
}

int wire_pair_open(struct wire_pair *pair, struct sa *bound, struct wire_ports *ports,
		   const struct sa *local, unsigned dscp)
{
	unsigned first = (ports->first + 1U) & ~1U;
	unsigned pairs = ports->last > first ? (ports->last + 1U - first) / 2 : 0;
	struct sa at = *local;
	int err = EADDRINUSE;

	*pair = (struct wire_pair){.rtp.fd = -1, .rtcp.fd = -1};
	for (unsigned tries = pairs; tries && err == EADDRINUSE; tries--) {
		unsigned port = ports->next;

		if (port < first || port >= first + 2 * pairs || port % 2)
			port = first;
		err = wire_pair_try(pair, &at, (uint16_t)port, dscp);
		ports->next = (uint16_t)(port + 2);
	}
	if (!err)
		*bound = at;
	return err;
}

int wire_send(const struct wire *w, const struct sa *dst, const uint8_t *data,
	      size_t bytes)
{
	return sendto(w->fd, data, bytes, 0, &dst->u.sa, dst->len) < 0 ? errno : 0;
}

int wire_batch_alloc(struct wire_batch **bp)
{
	*bp = mem_zalloc(sizeof(**bp), NULL);
	return *bp ? 0 : ENOMEM;
}

static void wire_batch_prepare(struct wire_batch *b)
{
	for (unsigned i = 0; i < WIRE_BATCH; i++) {
		b->iov[i] = (struct iovec){b->data[i], WIRE_PACKET_MAX};
		b->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &b->names[i],
			.msg_namelen = sizeof(b->names[i]),
			.msg_iov = &b->iov[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i],
			.msg_controllen = WIRE_CONTROL_BYTES,
		};
	}
}

static int64_t wire_stamp_ns(const struct wire *w, struct msghdr *h,
			     const struct clock_pair *now)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return clock_of_stamp_ns(&w->stamps, now, clock_of_timespec(&ts));
	}
	return now->now_ns;
}

unsigned wire_receive(struct wire_packet *packets, struct wire *w, struct wire_batch *b)
{
	struct clock_pair now;
	int n;

	wire_batch_prepare(b);
	n = recvmmsg(w->fd, b->msgs, WIRE_BATCH, MSG_DONTWAIT, NULL);
	now = clock_look();
	for (int i = 0; i < n; i++) {
		struct msghdr *h = &b->msgs[i].msg_hdr;

		packets[i] = (struct wire_packet){
			.data = b->data[i],
			.bytes = b->msgs[i].msg_len,
			.cut = h->msg_flags & MSG_TRUNC,
			.at_ns = wire_stamp_ns(w, h, &now),
		};
		(void)sa_set_sa(&packets[i].src, h->msg_name);
	}
	clock_stamps_read(&w->stamps, &now, n < WIRE_BATCH);
	return n > 0 ? (unsigned)n : 0;
}

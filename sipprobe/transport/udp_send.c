/* What a UDP socket sends. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/hep/hep_mirror.h"
#include "sipprobe/transport/udp_private.h"

/* Smaller than what any path of today takes; larger ones may be fragmented at once. */
enum { UDP_WHOLE_MAX = 1200 };

static bool udp_send_whole(const struct udp *u, bool whole)
{
	int how = whole ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT;

	return !setsockopt(u->fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof(how));
}

/*
 * IPv4 that may be fragmented needs an Identification of its own (RFC 6864 4.1), which
 * the whole machine draws from a few counters: a twentieth of what a probe costs. Small
 * datagrams are sent as never to be, and are so but where a path takes even less. IPv6
 * has an Identification in fragments only.
 */
void udp_send_begin(struct udp *u, int af)
{
	u->whole = af == AF_INET && udp_send_whole(u, true);
}

/*
 * An ICMP error of an earlier datagram, to whomever, is handed to the next call. It is in
 * the error queue too, with its destination: not this one's fault. All that ICMP and
 * ICMPv6 turn into; one of this machine's own comes again.
 */
static bool is_another_ones(int err)
{
	static const int errs[] = {
		ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ENOPROTOOPT, EINTR,
		EPROTO,	      EACCES,	    EHOSTDOWN,	 ENONET,   EOPNOTSUPP,
	};

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++)
		if (errs[i] == err)
			return true;
	return false;
}

static int udp_send_try(const struct udp *u, const struct msghdr *h)
{
	const struct iovec *iov = h->msg_iov;

	for (int tries = 4; tries; tries--) {
		/* The plain call costs less. */
		ssize_t n = h->msg_controllen || h->msg_iovlen != 1
				    ? sendmsg(u->fd, h, 0)
				    : sendto(u->fd, iov->iov_base, iov->iov_len, 0,
					     h->msg_name, h->msg_namelen);

		if (n >= 0)
			return 0;
		if (!is_another_ones(errno))
			break;
	}
	return errno;
}

static size_t udp_send_bytes(const struct msghdr *h)
{
	size_t bytes = 0;

	for (size_t i = 0; i < h->msg_iovlen; i++)
		bytes += h->msg_iov[i].iov_len;
	return bytes;
}

/* As a whole where it can be, else as the path takes it. */
static int udp_send_fitting(struct udp *u, const struct msghdr *h)
{
	int err = EMSGSIZE;

	if (!u->whole || udp_send_bytes(h) <= UDP_WHOLE_MAX)
		err = udp_send_try(u, h);
	if (err != EMSGSIZE || !u->whole)
		return err;
	(void)udp_send_whole(u, false);
	err = udp_send_try(u, h);
	(void)udp_send_whole(u, true);
	return err;
}

/*
 * A clock that was set before we send is no matter of what answers that, unless something
 * waits which came before it was set.
 */
static void udp_note_clock(struct udp *u)
{
	struct clock_pair now = clock_look();
	struct msghdr h = {0};

	if (clock_stamps_is_set(&u->stamps, &now) &&
	    recvmsg(u->fd, &h, MSG_PEEK | MSG_DONTWAIT) >= 0)
		return;
	clock_stamps_read(&u->stamps, &now, false);
}

int udp_transmit_msg(struct udp *u, const struct msghdr *h)
{
	udp_note_clock(u);
	return udp_send_fitting(u, h);
}

static int transmit(struct udp *u, const struct sa *dst, const char *buf, size_t len,
		    unsigned dscp)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	bool v6 = sa_af(dst) == AF_INET6;
	int tos = (int)(dscp << 2);
	struct iovec iov = {(char *)(uintptr_t)buf, len};
	struct msghdr h = {
		.msg_name = (void *)(uintptr_t)&dst->u.sa,
		.msg_namelen = dst->len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	if (!dscp) {
		h.msg_controllen = 0;
		return udp_transmit_msg(u, &h);
	}
	c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = v6 ? IPV6_TCLASS : IP_TOS;
	c->cmsg_len = CMSG_LEN(sizeof(tos));
	memcpy(CMSG_DATA(c), &tos, sizeof(tos));
	return udp_transmit_msg(u, &h);
}

/* Stamped before it is sent: what answers it must not seem to come first. */
static int transmit_mirrored(struct udp *u, const struct sa *dst, const char *buf,
			     size_t len, unsigned dscp)
{
	const struct hep_mirror_way way = {.local = &u->local,
					   .peer = dst,
					   .outbound = true,
					   .at_ns = clock_monotonic_ns()};
	int err = transmit(u, dst, buf, len, dscp);

	if (!err)
		hep_mirror_message(&way, buf, len);
	return err;
}

int udp_transmit(struct udp *u, const struct sa *dst, const char *buf, size_t len,
		 unsigned dscp)
{
	return hep_mirror_is_on() ? transmit_mirrored(u, dst, buf, len, dscp)
				  : transmit(u, dst, buf, len, dscp);
}

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

bool udp_is_another_ones(int err)
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

static int udp_send_once(const struct udp *u, const struct msghdr *h)
{
	const struct iovec *iov = h->msg_iov;
	/* The plain call costs less. */
	ssize_t n = h->msg_controllen || h->msg_iovlen != 1
			    ? sendmsg(u->fd, h, 0)
			    : sendto(u->fd, iov->iov_base, iov->iov_len, 0, h->msg_name,
				     h->msg_namelen);

	return n < 0 ? errno : 0;
}

/* What becomes of a try that failed with @err, or did not, and of those that follow. */
static int udp_send_tries(const struct udp *u, const struct msghdr *h, int err)
{
	for (int left = UDP_TRIES - 1; left && udp_is_another_ones(err); left--)
		err = udp_send_once(u, h);
	return err;
}

static int udp_send_parts(struct udp *u, const struct msghdr *h)
{
	int err;

	(void)udp_send_whole(u, false);
	err = udp_send_tries(u, h, udp_send_once(u, h));
	(void)udp_send_whole(u, true);
	return err;
}

/* As a whole where it can be, of which a try ended with @err, else as the path takes it.
 */
static int udp_send_on(struct udp *u, const struct msghdr *h, int err)
{
	err = udp_send_tries(u, h, err);
	return err == EMSGSIZE && u->whole ? udp_send_parts(u, h) : err;
}

/* Or it is not tried as a whole at all. */
static bool udp_is_tried(const struct udp *u, size_t bytes)
{
	return !u->whole || bytes <= UDP_WHOLE_MAX;
}

static size_t udp_send_bytes(const struct msghdr *h)
{
	size_t bytes = 0;

	for (size_t i = 0; i < h->msg_iovlen; i++)
		bytes += h->msg_iov[i].iov_len;
	return bytes;
}

/*
 * A clock that was set before we send is no matter of what answers that, unless something
 * waits which came before it was set.
 */
static void udp_note_clock(struct udp *u)
{
	struct clock_pair now = clock_glance();
	struct msghdr h = {0};

	if (!clock_stamps_is_set(&u->stamps, &now))
		return;
	now = clock_look();
	/* An error is no word about what waits. */
	if (clock_stamps_is_set(&u->stamps, &now) &&
	    (recvmsg(u->fd, &h, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN))
		return;
	clock_stamps_read(&u->stamps, &now, false);
}

int udp_transmit_msg(struct udp *u, const struct msghdr *h)
{
	udp_note_clock(u);
	return udp_is_tried(u, udp_send_bytes(h)) ? udp_send_on(u, h, udp_send_once(u, h))
						  : udp_send_parts(u, h);
}

/* @err: of a try that was made without control data, or 0: there was none */
static int transmit_msg(struct udp *u, const struct sa *dst, const char *buf, size_t len,
			unsigned dscp, int err)
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
		.msg_controllen = dscp ? sizeof(control) : 0,
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	if (c) {
		c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
		c->cmsg_type = v6 ? IPV6_TCLASS : IP_TOS;
		c->cmsg_len = CMSG_LEN(sizeof(tos));
		memcpy(CMSG_DATA(c), &tos, sizeof(tos));
	}
	return err ? udp_send_on(u, &h, err) : udp_transmit_msg(u, &h);
}

/*
 * Most need no more than the plain call, and it is made from here: each function on the
 * way back from the kernel is a return that the processor does not foresee.
 */
static int transmit(struct udp *u, const struct sa *dst, const char *buf, size_t len,
		    unsigned dscp)
{
	int err = 0;

	if (!dscp && udp_is_tried(u, len)) {
		udp_note_clock(u);
		if (sendto(u->fd, buf, len, 0, &dst->u.sa, dst->len) >= 0)
			return 0;
		err = errno;
	}
	return transmit_msg(u, dst, buf, len, dscp, err);
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

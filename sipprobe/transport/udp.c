#include "sipprobe/transport/udp.h"

#include <string.h>
#include <time.h>
#include <linux/errqueue.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/loop/ip_source.h"
#include "sipprobe/transport/udp_private.h"

enum {
	UDP_BATCHES_A_WAKE = 16, /* then the loop gets its turn */
	UDP_BATCH_NS = 1000000,	 /* of large ones fewer at once */
	UDP_DATAGRAM_MAX = 65536,
	UDP_CONTROL_MAX = 128,
	UDP_BUFFER_BYTES = 8 << 20, /* the default of 212 kB holds 250 small replies */
	UDP_ERRORS_MAX = 4096,	    /* read at once */
};

/*
 * One set of buffers for all sockets: a handler runs to its end before the next read,
 * and untouched pages cost nothing.
 */
static struct batch {
	char data[UDP_BATCH][UDP_DATAGRAM_MAX];
	char control[UDP_BATCH][UDP_CONTROL_MAX] __attribute__((aligned(16)));
	struct sockaddr_in6 names[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	struct mmsghdr msgs[UDP_BATCH];
} batch;

static void udp_destructor(void *arg)
{
	struct udp *u = arg;

	list_clear(&u->taps);
	mem_deref(u->lanes);
	if (u->fd >= 0) {
		fd_close(u->fd);
		(void)close(u->fd);
	}
}

static void batch_prepare(void)
{
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		struct msghdr *h = &batch.msgs[i].msg_hdr;

		batch.iov[i] = (struct iovec){batch.data[i], UDP_DATAGRAM_MAX};
		*h = (struct msghdr){
			.msg_name = &batch.names[i],
			.msg_namelen = sizeof(batch.names[i]),
			.msg_iov = &batch.iov[i],
			.msg_iovlen = 1,
			.msg_control = batch.control[i],
			.msg_controllen = UDP_CONTROL_MAX,
		};
	}
}

/* What the kernel notes beside a datagram: when it came, and its TTL or hop limit. */
static void udp_read_notes(struct udp *u, const struct clock_stamps *s, struct msghdr *h,
			   const struct clock_pair *c)
{
	struct timespec ts;
	int ttl = 0;

	u->rx_ns = c->now_ns;
	for (struct cmsghdr *m = CMSG_FIRSTHDR(h); m; m = CMSG_NXTHDR(h, m)) {
		if (m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(m), sizeof(ts));
			u->rx_ns = clock_of_stamp_ns(s, c, clock_of_timespec(&ts));
		} else if ((m->cmsg_level == IPPROTO_IP && m->cmsg_type == IP_TTL) ||
			   (m->cmsg_level == IPPROTO_IPV6 &&
			    m->cmsg_type == IPV6_HOPLIMIT)) {
			memcpy(&ttl, CMSG_DATA(m), sizeof(ttl));
		}
	}
	u->rx_ttl = (uint8_t)ttl;
}

/* Most sockets have no tap: a look at a list's head. */
static bool udp_tap_datagram(struct udp *u, const struct sa *src, const char *buf,
			     size_t len, int64_t rx_ns)
{
	for (struct le *le = u->taps.head, *next; le; le = next) {
		struct udp_tap *tap = le->data;

		next = le->next;
		if (tap->datagram_h(src, buf, len, rx_ns, tap->arg))
			return true;
	}
	return false;
}

/* @s: as it was before the batch, whatever is sent while it is gone through */
static void udp_deliver(struct udp *u, unsigned i, const struct clock_stamps *s,
			const struct clock_pair *c)
{
	struct msghdr *h = &batch.msgs[i].msg_hdr;
	struct udp *whose = u->of ? u->of : u;
	size_t len = batch.msgs[i].msg_len;
	struct sa src;

	/* Cut off by our own buffer: larger than UDP can carry, so it cannot be SIP. */
	if ((h->msg_flags & MSG_TRUNC) || sa_set_sa(&src, h->msg_name))
		return;
	udp_read_notes(u, s, h, c);
	whose->rx_ttl = u->rx_ttl;
	udp_charge(whose, &src, len, c->now_ns);
	if (!udp_tap_datagram(whose, &src, batch.data[i], len, u->rx_ns))
		u->events->datagram_h(whose, &src, batch.data[i], len, u->rx_ns, u->arg);
}

/* So many of the next as take a slice, if they are like the last ones. */
static unsigned next_batch(int n)
{
	int64_t cost_ns = 0;

	for (int i = 0; i < n; i++)
		cost_ns += udp_cost_ns(batch.msgs[i].msg_len);
	if (cost_ns <= UDP_BATCH_NS)
		return UDP_BATCH;
	return (unsigned)(1 + n * UDP_BATCH_NS / cost_ns);
}

/*
 * An error of an earlier datagram comes before those that wait, each time that one is
 * taken from the queue of errors with another behind it. Returns a number, or -errno.
 */
static int read_datagrams(const struct udp *u, unsigned want)
{
	int left = UDP_TRIES, n;

	do
		n = recvmmsg(u->fd, batch.msgs, want, MSG_DONTWAIT, NULL);
	while (n < 0 && udp_is_another_ones(errno) && --left);
	return n < 0 ? -errno : n;
}

/* Returns whether there may be more. */
static bool read_batch(struct udp *u)
{
	const struct clock_stamps before = u->stamps;
	unsigned want = u->batch;
	struct clock_pair c;
	int n;

	batch_prepare();
	n = read_datagrams(u, want);
	c = clock_look(); /* once a batch */
	u->batch = next_batch(n);
	if (n > 0 && u->events->coming_h)
		u->events->coming_h(batch.msgs, (unsigned)n, u->arg);
	for (int i = 0; i < n; i++)
		udp_deliver(u, (unsigned)i, &before, &c);
	clock_stamps_read(&u->stamps, &c, n == -EAGAIN || (n >= 0 && n < (int)want));
	return n == (int)want;
}

static const struct sock_extended_err *extended_error(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			return (const struct sock_extended_err *)(const void *)CMSG_DATA(
				c);
	}
	return NULL;
}

/* Whether an error means that the datagram did not arrive and never will. */
static bool is_final(const struct sock_extended_err *e)
{
	/* udp_transmit() said so already. */
	if (e->ee_origin == SO_EE_ORIGIN_LOCAL)
		return e->ee_errno != EMSGSIZE;
	return e->ee_origin == SO_EE_ORIGIN_ICMP || e->ee_origin == SO_EE_ORIGIN_ICMP6;
}

static bool udp_tap_error(struct udp *u, const struct sa *dst,
			  const struct sock_extended_err *e, const char *buf, size_t len)
{
	struct udp_icmp icmp = {.type = e->ee_type, .code = e->ee_code};

	if (!u->taps.head || e->ee_origin == SO_EE_ORIGIN_LOCAL)
		return false;
	if (sa_set_sa(&icmp.offender,
		      SO_EE_OFFENDER((struct sock_extended_err *)(uintptr_t)e)))
		sa_init(&icmp.offender, AF_UNSPEC);
	for (struct le *le = u->taps.head, *next; le; le = next) {
		struct udp_tap *tap = le->data;

		next = le->next;
		if (tap->error_h(dst, &icmp, buf, len, tap->arg))
			return true;
	}
	return false;
}

/* Whether there may be more. */
static bool read_error(struct udp *u)
{
	struct udp *whose = u->of ? u->of : u;
	struct msghdr *h = &batch.msgs[0].msg_hdr;
	const struct sock_extended_err *e;
	struct sa dst;
	ssize_t n;

	batch_prepare();
	/* The control part holds the error and the offender's address. */
	h->msg_control = batch.control;
	h->msg_controllen = sizeof(batch.control);
	n = recvmsg(u->fd, h, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (n < 0)
		return false;
	e = extended_error(h);
	if (!e || sa_set_sa(&dst, h->msg_name))
		return true;
	if (!udp_tap_error(whose, &dst, e, batch.data[0], (size_t)n) && is_final(e))
		u->events->error_h(whose, &dst, (int)e->ee_errno, batch.data[0],
				   (size_t)n, u->arg);
	return true;
}

/* Large datagrams end a wake early. */
static bool udp_read_wake(struct udp *u)
{
	bool more = true;

	for (int left = UDP_BATCHES_A_WAKE; left && more; left--) {
		more = read_batch(u);
		if (u->batch < UDP_BATCH)
			break;
	}
	return more;
}

static void udp_ready_h(int flags, void *arg)
{
	struct udp *u = arg;
	int left;

	/* A handler may close the socket; what it needs stays until the end of this. */
	mem_ref(u);
	/* EPOLLERR stays until the error queue is drained. */
	if (flags & FD_EXCEPT)
		for (left = UDP_BATCH * UDP_BATCHES_A_WAKE; left && read_error(u);)
			left--;
	if (flags & FD_READ)
		(void)udp_read_wake(u);
	mem_deref(u);
}

bool udp_read(struct udp *u)
{
	bool more;

	mem_ref(u);
	for (int left = UDP_BATCH; left && read_error(u);)
		left--;
	more = read_batch(u);
	mem_deref(u);
	return more;
}

void udp_catch_up(struct udp *u, int64_t at_ns)
{
	int64_t begun_ns;

	if (u->read_ns >= at_ns)
		return;
	mem_ref(u);
	for (unsigned left = UDP_ERRORS_MAX; left && read_error(u);)
		left--;
	/* What comes while we read is the loop's: it may never end. */
	begun_ns = clock_monotonic_ns();
	while (read_batch(u) && u->rx_ns < begun_ns)
		;
	u->read_ns = begun_ns;
	mem_deref(u);
}

static int set_options(int fd, int af)
{
	int on = 1;
	int err = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		err = errno;
	if (af == AF_INET6) {
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ||
		    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) ||
		    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)))
			err = errno;
	} else if (setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) ||
		   setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on))) {
		err = errno;
	}
	return err;
}

/* Beyond net.core.rmem_max only with CAP_NET_ADMIN; less is no error. */
void udp_enlarge(struct udp *u)
{
	int bytes = UDP_BUFFER_BYTES;

	if (setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		(void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(u->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		(void)setsockopt(u->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int udp_bind(struct udp *u, const struct sa *local)
{
	struct sockaddr_in6 bound = {0};
	socklen_t len = sizeof(bound);

	if (bind(u->fd, &local->u.sa, local->len))
		return errno;
	if (getsockname(u->fd, (struct sockaddr *)&bound, &len))
		return errno;
	return sa_set_sa(&u->local, (struct sockaddr *)&bound);
}

int udp_alloc(struct udp **up, int af, const struct udp_events *events, void *arg)
{
	struct udp *u = mem_zalloc(sizeof(*u), udp_destructor);
	int err;

	if (!u)
		return ENOMEM;
	u->events = events;
	u->arg = arg;
	u->batch = UDP_BATCH;
	u->stamps = clock_stamps_begin();
	u->fd = socket(af, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = u->fd < 0 ? errno : set_options(u->fd, af);
	if (!err)
		udp_send_begin(u, af);
	if (err)
		mem_deref(u);
	else
		*up = u;
	return err;
}

int udp_socket(struct udp **up, const struct sa *local, const struct udp_events *events,
	       void *arg)
{
	struct udp *u;
	int err = udp_alloc(&u, sa_af(local), events, arg);

	if (err)
		return err;
	udp_enlarge(u);
	err = udp_bind(u, local);
	if (!err)
		err = fd_listen(u->fd, FD_READ | FD_EXCEPT, udp_ready_h, u);
	if (err)
		mem_deref(u);
	else
		*up = u;
	return err;
}

const struct sa *udp_local(const struct udp *u)
{
	return &u->local;
}

uint8_t udp_rx_ttl(const struct udp *u)
{
	return u->rx_ttl;
}

void udp_tap(struct udp *u, struct udp_tap *tap)
{
	list_append(&u->taps, &tap->le, tap);
}

int udp_source(struct sa *src, const struct sa *dst)
{
	return ip_source(src, dst);
}

/*
 * The way of a SYN, for TCP and TLS: a connection that stands cannot be traced without
 * harm. Each try is a socket of its own; one that connects is closed with a reset at
 * once.
 */
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/errqueue.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/local_sockets.h"
#include "sipprobe/transport/udp.h"
#include "sipprobe/way/way_private.h"

struct syn_way {
	struct list tries; /* struct syn */
};

struct syn {
	struct le le;
	struct way *way;
	int fd;
	unsigned ttl;
	unsigned tried;
};

static void way_syn_destructor(void *arg)
{
	struct syn_way *s = arg;

	list_flush(&s->tries);
}

static void syn_destructor(void *arg)
{
	struct syn *s = arg;

	list_unlink(&s->le);
	if (s->fd >= 0) {
		fd_close(s->fd);
		(void)close(s->fd);
	}
}

/* Returns false without an ICMP error. */
static bool syn_read_icmp(const struct syn *s, struct sa *offender, uint8_t *type,
			  uint8_t *code)
{
	_Alignas(struct cmsghdr) char control[512];
	struct msghdr h = {.msg_control = control, .msg_controllen = sizeof(control)};
	struct sock_extended_err *e;

	if (recvmsg(s->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		if ((c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR) &&
		    (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_RECVERR))
			continue;
		e = (struct sock_extended_err *)(void *)CMSG_DATA(c);
		if (e->ee_origin != SO_EE_ORIGIN_ICMP &&
		    e->ee_origin != SO_EE_ORIGIN_ICMP6)
			return false;
		*type = e->ee_type;
		*code = e->ee_code;
		if (sa_set_sa(offender, SO_EE_OFFENDER(e)))
			sa_init(offender, AF_UNSPEC);
		return true;
	}
	return false;
}

static void syn_ready_h(int flags, void *arg)
{
	struct syn *s = arg;
	struct way *w = s->way;
	int64_t now_ns = clock_monotonic_ns();
	struct trace_hop hop = {.answer = TRACE_SILENT};
	socklen_t len = sizeof(int);
	uint8_t type = 0, code = 0;
	struct sa from = w->rq.peer;
	int err = 0;

	(void)flags;
	if (syn_read_icmp(s, &from, &type, &code)) {
		if (!way_hop_of(&hop, w, &from, type, code))
			return;
	} else if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len)) {
		err = errno;
	}
	if (!hop.answer && !err)
		hop.answer = TRACE_ANSWERED;
	else if (!hop.answer && err == ECONNREFUSED)
		hop.answer = TRACE_REFUSED;
	if (hop.answer)
		way_heard(w, s->ttl, s->tried, &from, hop, now_ns);
	mem_deref(s);
}

static int syn_options(const struct syn *s)
{
	const struct linger reset = {.l_onoff = 1};
	const struct config_settings *set = s->way->rq.trunk->settings;
	bool v6 = s->way->report->v6;
	int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int ttl = (int)s->ttl, once = 1, on = 1, tos = (int)set->dscp << 2;

	if (setsockopt(s->fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL, &ttl,
		       sizeof(ttl)) ||
	    setsockopt(s->fd, level, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof(on)) ||
	    setsockopt(s->fd, level, v6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof(tos)) ||
	    setsockopt(s->fd, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof(once)) ||
	    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		return errno;
	return 0;
}

/* The trunk's address, but not its port: a connection of its may have that. */
static int syn_bind(const struct syn *s)
{
	const struct config_local *want = &s->way->rq.trunk->settings->local;
	struct sa sa;
	int err;

	if (!local_sockets_wanted(want))
		return 0;
	err = local_sockets_address(&sa, want, sa_af(&s->way->rq.peer));
	if (err)
		return err;
	sa_set_port(&sa, 0);
	return bind(s->fd, &sa.u.sa, sa.len) ? errno : 0;
}

static int syn_connect(struct syn *s)
{
	const struct sa *peer = &s->way->rq.peer;
	int err;

	s->fd = socket(sa_af(peer), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return errno;
	err = syn_options(s);
	if (!err)
		err = syn_bind(s);
	if (!err && connect(s->fd, &peer->u.sa, peer->len) && errno != EINPROGRESS)
		err = errno;
	/* It is told by the descriptor as well. */
	if (err == ECONNREFUSED)
		err = 0;
	return err ? err : fd_listen(s->fd, FD_WRITE | FD_EXCEPT, syn_ready_h, s);
}

static int way_syn_send(struct way *w, unsigned ttl, unsigned tried)
{
	struct syn_way *all = w->state;
	struct syn *s = mem_zalloc(sizeof(*s), syn_destructor);
	int err;

	if (!s)
		return ENOMEM;
	s->way = w;
	s->fd = -1;
	s->ttl = ttl;
	s->tried = tried;
	list_append(&all->tries, &s->le, s);
	err = syn_connect(s);
	if (err)
		mem_deref(s);
	return err;
}

static int way_syn_open(struct way *w)
{
	struct sa local;

	w->state = mem_zalloc(sizeof(struct syn_way), way_syn_destructor);
	if (!w->state)
		return ENOMEM;
	if (!udp_source(&local, &w->rq.peer))
		(void)re_snprintf(w->report->local, sizeof(w->report->local), "%j",
				  &local);
	return 0;
}

const struct way_method way_syn = {way_syn_open, way_syn_send, NULL};

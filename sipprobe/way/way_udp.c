/*
 * The way of a request over UDP, from the very socket that probes leave from: another
 * port could take another path, and has another entry in a NAT. Each try has a branch of
 * its own, which says its TTL; by that what comes back is found among all the socket has.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/message/request.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/udp.h"
#include "sipprobe/way/way_private.h"

enum {
	COOKIE_LEN = 7,
	INDEX_LEN = 8,
	INDEX_MARK = 0xfe, /* no target has a number so high */
};

struct udp_way {
	struct way *way;
	struct udp *udp; /* borrowed; good while the tap is on it */
	struct udp_tap tap;
	struct request request;
	char key[REQUEST_KEY_LEN]; /* the same in all branches of this trace */
};

static void way_udp_destructor(void *arg)
{
	struct udp_way *u = arg;

	list_unlink(&u->tap.le);
	request_free(&u->request);
}

/* The try that a branch of ours stands for. Returns false for others' bytes. */
static bool way_udp_find(const struct udp_way *u, const char *buf, size_t len,
			 unsigned *ttl, unsigned *tried)
{
	const char *at = memmem(buf, len, u->key, sizeof(u->key));
	char digits[INDEX_LEN + 1];
	unsigned long index;

	if (!at || at - buf < INDEX_LEN)
		return false;
	memcpy(digits, at - INDEX_LEN, INDEX_LEN);
	digits[INDEX_LEN] = '\0';
	index = strtoul(digits, NULL, 16);
	*ttl = index >> 8 & 0xff;
	*tried = index & 0xff;
	return index >> 24 == INDEX_MARK;
}

static bool way_udp_datagram_h(const struct sa *src, const char *buf, size_t len,
			       int64_t rx_ns, void *arg)
{
	struct udp_way *u = arg;
	struct guard_message m;
	unsigned ttl, tried;

	if (!way_udp_find(u, buf, len, &ttl, &tried))
		return false;
	if (guard_datagram(&m, buf, len, NULL))
		return true;
	if (m.request)
		return false;
	if (m.code >= 200) {
		if (!u->way->report->reply_ttl)
			u->way->report->reply_ttl = udp_rx_ttl(u->udp);
		way_heard(u->way, ttl, tried, src,
			  (struct trace_hop){.answer = TRACE_ANSWERED,
					     .sip_code = (uint16_t)m.code},
			  rx_ns);
	}
	return true;
}

/* Whether so much came back that a branch of somebody else is in it. */
static bool way_udp_names_another(const char *buf, size_t len)
{
	static const char name[] = ";branch=";
	const char *at = memmem(buf, len, name, sizeof(name) - 1);

	return at && len - (size_t)(at - buf) >= sizeof(name) - 1 + REQUEST_BRANCH_LEN;
}

/*
 * Routers need not return more than the ports (RFC 792): then nothing tells whose it was.
 * A TTL that ran out can only be ours. Of what else ends the way, a probe of the trunk
 * would have the same from the same router: it is told as well.
 */
static bool way_udp_anonymous(struct udp_way *u, const struct udp_icmp *icmp,
			      const struct trace_hop *hop)
{
	int64_t now_ns = clock_monotonic_ns();
	unsigned ttl = way_plan_single(&u->way->plan, now_ns);

	if (ttl)
		way_heard(u->way, ttl, u->way->report->hops[ttl - 1].tries - 1U,
			  &icmp->offender, *hop, now_ns);
	else
		way_plan_alone(&u->way->plan, now_ns);
	return hop->answer == TRACE_ROUTER;
}

static bool way_udp_error_h(const struct sa *dst, const struct udp_icmp *icmp,
			    const char *buf, size_t len, void *arg)
{
	struct udp_way *u = arg;
	unsigned ttl, tried;
	struct trace_hop hop;
	bool says = way_hop_of(&hop, u->way, &icmp->offender, icmp->type, icmp->code);

	if (way_udp_find(u, buf, len, &ttl, &tried)) {
		if (says)
			way_heard(u->way, ttl, tried, &icmp->offender, hop,
				  clock_monotonic_ns());
		return true;
	}
	if (!says || !sa_cmp(dst, &u->way->rq.peer, SA_ALL) ||
	    way_udp_names_another(buf, len))
		return false;
	return way_udp_anonymous(u, icmp, &hop);
}

static int way_udp_make(struct udp_way *u, const struct sa *local)
{
	const struct way_request *rq = &u->way->rq;
	const struct request_info info = {
		.method = "OPTIONS",
		.trunk = rq->trunk,
		.transport = CONFIG_TRANSPORT_UDP,
		.local = local,
		.peer = &rq->peer,
		.index = (uint32_t)INDEX_MARK << 24,
		.agent = rq->agent,
	};
	int err = request_make(&u->request, &info);

	if (!err)
		err = request_stamp(&u->request);
	if (err)
		return err;
	memcpy(u->key, request_key(&u->request), sizeof(u->key));
	u->way->report->bytes = u->request.len;
	(void)re_snprintf(u->way->report->local, sizeof(u->way->report->local), "%J",
			  local);
	return 0;
}

static int way_udp_open(struct way *w)
{
	struct udp_way *u = mem_zalloc(sizeof(*u), way_udp_destructor);
	struct sa local;
	int err;

	if (!u)
		return ENOMEM;
	w->state = u;
	u->way = w;
	u->tap = (struct udp_tap){
		.datagram_h = way_udp_datagram_h, .error_h = way_udp_error_h, .arg = u};
	err = sockets_udp_for(w->rq.sockets, &u->udp, &local, &w->rq.peer,
			      &w->rq.trunk->settings->local);
	if (!err)
		err = way_udp_make(u, &local);
	if (!err)
		udp_tap(u->udp, &u->tap);
	return err;
}

/* A new request to whoever gets it, but for the branch's secret. */
static int way_udp_stamp(struct udp_way *u, unsigned ttl, unsigned tried)
{
	char *index = u->request.buf + u->request.branch + COOKIE_LEN;
	char digits[INDEX_LEN + 1];
	int err = request_stamp(&u->request);

	if (err)
		return err;
	(void)re_snprintf(digits, sizeof(digits), "%08x",
			  (unsigned)INDEX_MARK << 24 | ttl << 8 | tried);
	memcpy(index, digits, INDEX_LEN);
	memcpy(index + INDEX_LEN, u->key, sizeof(u->key));
	return 0;
}

static struct cmsghdr *way_udp_mark(struct msghdr *h, struct cmsghdr *c, int level,
				    int type, int value)
{
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(sizeof(value));
	memcpy(CMSG_DATA(c), &value, sizeof(value));
	return CMSG_NXTHDR(h, c);
}

static int way_udp_send(struct way *w, unsigned ttl, unsigned tried)
{
	_Alignas(struct cmsghdr) char control[2 * CMSG_SPACE(sizeof(int))] = {0};
	struct udp_way *u = w->state;
	bool v6 = w->report->v6;
	int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct iovec iov = {u->request.buf, u->request.len};
	struct msghdr h = {
		.msg_name = &w->rq.peer.u.sa,
		.msg_namelen = w->rq.peer.len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int err = way_udp_stamp(u, ttl, tried);

	if (err)
		return err;
	c = way_udp_mark(&h, c, level, v6 ? IPV6_HOPLIMIT : IP_TTL, (int)ttl);
	(void)way_udp_mark(&h, c, level, v6 ? IPV6_TCLASS : IP_TOS,
			   (int)w->rq.trunk->settings->dscp << 2);
	err = udp_transmit_msg(u->udp, &h);
	/* A full queue: as good as lost. */
	return err == ENOBUFS || err == EAGAIN ? 0 : err;
}

static bool way_udp_is_gone(const struct way *w)
{
	const struct udp_way *u = w->state;

	return !u->tap.le.list;
}

const struct way_method way_udp = {way_udp_open, way_udp_send, way_udp_is_gone};

#include "sipprobe/way/way.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/uri.h"
#include "sipprobe/way/way_icmp.h"
#include "sipprobe/way/way_private.h"

static void way_destructor(void *arg)
{
	struct way *w = arg;

	if (w->rq.ticker)
		ticker_cancel(w->rq.ticker, &w->timer);
	mem_deref(w->state);
}

/* What the kernel knows of the path: what routers said of it in the last minutes. */
static void way_read_mtu(struct way *w)
{
	bool v6 = sa_af(&w->rq.peer) == AF_INET6;
	int fd = socket(sa_af(&w->rq.peer), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(int);
	int mtu = 0;

	if (fd < 0)
		return;
	if (!connect(fd, &w->rq.peer.u.sa, w->rq.peer.len) &&
	    !getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu,
			&len) &&
	    mtu > 0)
		w->report->path_mtu = (uint32_t)mtu;
	(void)close(fd);
}

static void way_end(struct way *w, int err)
{
	if (err)
		w->report->err = err;
	way_read_mtu(w);
	w->h(true, w->arg);
}

/* Sends what is due. Returns 0, or errno where this machine cannot send. */
static int way_send_due(struct way *w, int64_t now_ns)
{
	unsigned ttl;
	int err = 0;

	while (!err && (ttl = way_plan_next(&w->plan, now_ns)) != 0) {
		unsigned tried = w->report->hops[ttl - 1].tries - 1U;

		w->sent_ns[ttl - 1][tried] = clock_monotonic_ns();
		err = w->method->send(w, ttl, tried);
	}
	return err;
}

static void way_timer_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	way_review(wheel_owner(timer, struct way, timer));
}

void way_review(struct way *w)
{
	int64_t now_ns = clock_monotonic_ns();
	int err;

	if (way_plan_done(&w->plan, now_ns)) {
		way_end(w, 0);
		return;
	}
	err = w->method->is_gone && w->method->is_gone(w) ? ECONNABORTED
							  : way_send_due(w, now_ns);
	if (err) {
		way_end(w, err);
		return;
	}
	ticker_start(w->rq.ticker, &w->timer, way_plan_wake_ns(&w->plan), way_timer_h);
	w->h(false, w->arg);
}

void way_review_soon(struct way *w)
{
	ticker_start(w->rq.ticker, &w->timer, clock_monotonic_ns(), way_timer_h);
}

void way_heard(struct way *w, unsigned ttl, unsigned tried, const struct sa *from,
	       struct trace_hop what, int64_t rx_ns)
{
	if (!ttl || ttl > TRACE_HOPS || tried >= TRACE_TRIES)
		return;
	if (sa_isset(from, SA_ADDR))
		(void)re_snprintf(what.address, sizeof(what.address), "%j", from);
	way_plan_heard(&w->plan, ttl, &what, w->sent_ns[ttl - 1][tried], rx_ns);
	way_review_soon(w);
}

bool way_hop_of(struct trace_hop *hop, const struct way *w, const struct sa *offender,
		uint8_t type, uint8_t code)
{
	bool by_peer =
		sa_isset(offender, SA_ADDR) && sa_cmp(offender, &w->rq.peer, SA_ADDR);
	enum trace_answer answer;

	if (!way_icmp_read(&answer, w->report->v6, type, code, by_peer))
		return false;
	*hop = (struct trace_hop){.answer = (uint8_t)answer, .type = type, .code = code};
	return true;
}

int way_start(struct way **wp, const struct way_request *rq, struct trace_report *r,
	      way_h *h, void *arg)
{
	struct way *w = mem_zalloc(sizeof(*w), way_destructor);
	int err;

	if (!w)
		return ENOMEM;
	w->method = rq->transport == CONFIG_TRANSPORT_UDP ? &way_udp : &way_syn;
	w->rq = *rq;
	w->report = r;
	w->h = h;
	w->arg = arg;
	r->transport = config_transport_name(rq->transport);
	r->v6 = sa_af(&rq->peer) == AF_INET6;
	r->begun_unix_ns = clock_wall_ns();
	(void)re_snprintf(r->address, sizeof(r->address), "%J", &rq->peer);
	way_plan_init(&w->plan, r, rq->silent, clock_monotonic_ns());
	err = w->method->open(w);
	if (err) {
		mem_deref(w);
		return err;
	}
	way_review_soon(w);
	*wp = w;
	return 0;
}

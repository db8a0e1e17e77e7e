#include "sipprobe/transport/udp_lane.h"

#include <sys/socket.h>

enum { SOURCES = 256 }; /* accounts; sources that share one wait for each other's sake */

struct udp_lanes {
	struct udp *of;
	struct turns *turns;
	struct turns_account *accounts[SOURCES]; /* made when used */
	struct list lanes;
};

struct lane {
	struct le le;
	struct udp_lanes *all;
	struct udp *udp;
	struct sa peer;
	struct turns_account *account; /* the source's */
	struct turns_waiter waiter;
};

static void lanes_destructor(void *arg)
{
	struct udp_lanes *l = arg;

	list_flush(&l->lanes);
	for (size_t i = 0; i < SOURCES; i++)
		mem_deref(l->accounts[i]);
	mem_deref(l->turns);
}

static void lane_destructor(void *arg)
{
	struct lane *lane = arg;

	turns_leave(&lane->waiter);
	list_unlink(&lane->le);
	mem_deref(lane->udp);
	mem_deref(lane->account);
}

int udp_lanes_alloc(struct udp_lanes **lp, struct udp *of, struct turns *turns)
{
	struct udp_lanes *l = mem_zalloc(sizeof(*l), lanes_destructor);

	if (!l)
		return ENOMEM;
	l->of = of;
	l->turns = mem_ref(turns);
	*lp = l;
	return 0;
}

static struct lane *lane_find(const struct udp_lanes *l, const struct sa *peer)
{
	struct le *le;

	LIST_FOREACH(&l->lanes, le) {
		struct lane *lane = le->data;

		if (sa_cmp(&lane->peer, peer, SA_ALL))
			return lane;
	}
	return NULL;
}

static void lane_ready_h(int flags, void *arg)
{
	struct lane *lane = arg;

	(void)flags;
	fd_close(lane->udp->fd);
	turns_wait(lane->all->turns, &lane->waiter);
}

/* A batch; then on to the queue's end, to the loop, or away. */
static void lane_turn_h(void *arg)
{
	struct lane *lane = mem_ref(arg);
	/* A handler may close all of them. */
	struct udp *of = mem_ref(lane->all->of);
	bool more = udp_read(lane->udp);

	if (mem_nrefs(lane) > 1 && mem_nrefs(of) > 1) {
		if (more)
			turns_wait(lane->all->turns, &lane->waiter);
		else if (turns_left(lane->account, clock_monotonic_ns()) ||
			 fd_listen(lane->udp->fd, FD_READ | FD_EXCEPT, lane_ready_h,
				   lane))
			mem_deref(lane);
	}
	mem_deref(lane);
	mem_deref(of);
}

/* Two sockets may have one name if both say so, while the second is given it. */
static int lane_bind(struct udp *u, const struct udp *of)
{
	int on = 1, off = 0, err;

	if (setsockopt(of->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(u->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return errno;
	err = udp_bind(u, &of->local);
	(void)setsockopt(of->fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
	(void)setsockopt(u->fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
	return err;
}

static int lane_socket(struct lane *lane)
{
	struct udp *of = lane->all->of;
	int err = udp_alloc(&lane->udp, sa_af(&of->local), of->events, of->arg);

	if (err)
		return err;
	lane->udp->of = of;
	err = lane_bind(lane->udp, of);
	if (!err && connect(lane->udp->fd, &lane->peer.u.sa, lane->peer.len))
		err = errno;
	return err;
}

/* Without descriptors or memory he stays where he was. */
static void lane_open(struct udp_lanes *l, const struct sa *peer,
		      struct turns_account *account)
{
	struct lane *lane = mem_zalloc(sizeof(*lane), lane_destructor);

	if (!lane)
		return;
	lane->all = l;
	lane->peer = *peer;
	lane->account = mem_ref(account);
	lane->waiter.h = lane_turn_h;
	lane->waiter.arg = lane;
	if (lane_socket(lane)) {
		mem_deref(lane);
		return;
	}
	list_append(&l->lanes, &lane->le, lane);
	turns_wait(l->turns, &lane->waiter);
}

void udp_lanes_charge(struct udp_lanes *l, const struct sa *src, size_t len,
		      int64_t now_ns)
{
	struct turns_account **ap = &l->accounts[sa_hash(src, SA_ALL) % SOURCES];

	if (!*ap && turns_account_alloc(ap, TURNS_SHARE))
		return;
	turns_charge(*ap, now_ns, udp_cost_ns(len));
	if (!turns_left(*ap, now_ns) && list_count(&l->lanes) < UDP_LANES_MAX &&
	    !lane_find(l, src))
		lane_open(l, src, *ap);
}

struct udp *udp_lanes_find(const struct udp_lanes *l, const struct sa *peer)
{
	struct lane *lane = lane_find(l, peer);

	return lane ? lane->udp : NULL;
}

unsigned udp_lanes_count(const struct udp_lanes *l)
{
	return list_count(&l->lanes);
}

void udp_charge(struct udp *u, const struct sa *src, size_t len, int64_t now_ns)
{
	if (!u->lanes && u->events->turns_h)
		(void)udp_lanes_alloc(&u->lanes, u, u->events->turns_h(u->arg));
	if (u->lanes)
		udp_lanes_charge(u->lanes, src, len, now_ns);
}

/* What a lane holds is bounded, and so is this. */
void udp_catch_up_lane(struct udp *u, const struct sa *peer)
{
	struct udp *lane = u->lanes ? udp_lanes_find(u->lanes, peer) : NULL;
	int64_t begun_ns = clock_monotonic_ns();

	if (!lane)
		return;
	mem_ref(lane);
	while (udp_read(lane) && lane->rx_ns < begun_ns)
		;
	mem_deref(lane);
}

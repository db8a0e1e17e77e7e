#include "sipprobe/transport/udp_private.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "base/clock.h"

enum {
	SOURCES = 256,	/* accounts; sources that share one wait for each other's sake */
	ROOM_SHARE = 8, /* a source may fill one part in so many a second */
	ROOM_LEAST = 256 << 10, /* … or this, where the kernel gives little */
	ROOM_BESIDES = 1024,	/* what a datagram takes beside its bytes, about */
};

/*
 * A lane stays so long at least, and so long again if something was lost in it: who sends
 * too much once in each interval does not come back for each of his bursts.
 */
#define LANE_STAYS_NS (120 * CLOCK_NS_PER_S)

struct source {
	struct turns_account account; /* of time */
	int64_t room_ns;	      /* monotonic: when what it filled is its again */
};

struct udp_lanes {
	struct udp *of;
	struct turns *turns;
	int64_t ns_a_byte; /* of the socket's room, until it is the source's again */
	struct source sources[SOURCES];
	struct list lanes;
};

struct lane {
	struct le le;
	struct udp_lanes *all;
	struct udp *udp;
	struct sa peer;
	struct source *source;
	uint32_t lost;	  /* datagrams that had no room in it, when that was looked at */
	int64_t until_ns; /* monotonic: it stays so long at least */
	struct turns_waiter waiter;
};

static void lanes_destructor(void *arg)
{
	struct udp_lanes *l = arg;

	list_flush(&l->lanes);
	mem_deref(l->turns);
}

static void lane_destructor(void *arg)
{
	struct lane *lane = arg;

	turns_leave(&lane->waiter);
	list_unlink(&lane->le);
	mem_deref(lane->udp);
}

/* What a source may fill of the socket a second, and at once. */
static int64_t lanes_room(const struct udp *of)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	(void)getsockopt(of->fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len);
	return bytes / ROOM_SHARE > ROOM_LEAST ? bytes / ROOM_SHARE : ROOM_LEAST;
}

int udp_lanes_alloc(struct udp_lanes **lp, struct udp *of, struct turns *turns)
{
	struct udp_lanes *l = mem_zalloc(sizeof(*l), lanes_destructor);

	if (!l)
		return ENOMEM;
	l->of = of;
	l->turns = mem_ref(turns);
	l->ns_a_byte = CLOCK_NS_PER_S / lanes_room(of);
	for (size_t i = 0; i < SOURCES; i++)
		l->sources[i].account.share = TURNS_SHARE;
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

/* Whether it has used more than its share, of the loop's time or of the socket's room. */
static bool source_is_over(const struct source *s, int64_t now_ns)
{
	return !turns_left(&s->account, now_ns) || s->room_ns - now_ns > CLOCK_NS_PER_S;
}

/* Datagrams for which there was no room, in all. */
static uint32_t lane_lost(const struct lane *lane)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	(void)getsockopt(lane->udp->fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[SK_MEMINFO_DROPS];
}

/* Whether it has been calm for long enough. */
static bool lane_is_over(struct lane *lane, int64_t now_ns)
{
	uint32_t lost;

	if (now_ns < lane->until_ns || source_is_over(lane->source, now_ns))
		return false;
	lost = lane_lost(lane);
	if (lost == lane->lost)
		return true;
	lane->lost = lost;
	lane->until_ns = now_ns + LANE_STAYS_NS;
	return false;
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
		else if (lane_is_over(lane, clock_monotonic_ns()) ||
			 fd_listen(lane->udp->fd, FD_READ | FD_EXCEPT, lane_ready_h,
				   lane))
			mem_deref(lane);
	}
	mem_deref(lane);
	mem_deref(of);
}

static int lane_share_name(struct udp *u, int on)
{
	return setsockopt(u->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ? errno : 0;
}

/*
 * Sockets may have one name if all of them say so while another is given it. Else they do
 * not: whoever came with the same name later would be given what is ours.
 */
static int lane_bind(struct udp *u, const struct udp_lanes *l)
{
	int err = lane_share_name(u, 1);
	struct le *le;

	if (!err)
		err = lane_share_name(l->of, 1);
	LIST_FOREACH(&l->lanes, le)
		if (!err)
			err = lane_share_name(((struct lane *)le->data)->udp, 1);
	if (!err)
		err = udp_bind(u, &l->of->local);
	LIST_FOREACH(&l->lanes, le)
		(void)lane_share_name(((struct lane *)le->data)->udp, 0);
	(void)lane_share_name(l->of, 0);
	(void)lane_share_name(u, 0);
	return err;
}

static int lane_socket(struct lane *lane)
{
	struct udp *of = lane->all->of;
	int err = udp_alloc(&lane->udp, sa_af(&of->local), of->events, of->arg);

	if (err)
		return err;
	lane->udp->of = of;
	err = lane_bind(lane->udp, lane->all);
	if (!err && connect(lane->udp->fd, &lane->peer.u.sa, lane->peer.len))
		err = errno;
	return err;
}

/* Without descriptors or memory he stays where he was. */
static void lane_open(struct udp_lanes *l, const struct sa *peer, struct source *source,
		      int64_t now_ns)
{
	struct lane *lane = mem_zalloc(sizeof(*lane), lane_destructor);

	if (!lane)
		return;
	lane->all = l;
	lane->peer = *peer;
	lane->source = source;
	lane->until_ns = now_ns + LANE_STAYS_NS;
	lane->waiter.h = lane_turn_h;
	lane->waiter.arg = lane;
	if (lane_socket(lane)) {
		mem_deref(lane);
		return;
	}
	list_append(&l->lanes, &lane->le, lane);
	turns_wait(l->turns, &lane->waiter);
}

/* Whether there is room for one more, for which one that is over may go. */
static bool lanes_make_room(struct udp_lanes *l, int64_t now_ns)
{
	struct le *le;

	if (list_count(&l->lanes) < UDP_LANES_MAX)
		return true;
	LIST_FOREACH(&l->lanes, le) {
		if (lane_is_over(le->data, now_ns)) {
			mem_deref(le->data);
			return true;
		}
	}
	return false;
}

static void source_charge(struct source *s, int64_t now_ns, size_t len, int64_t ns_a_byte)
{
	turns_charge(&s->account, now_ns, udp_cost_ns(len));
	if (s->room_ns < now_ns)
		s->room_ns = now_ns;
	s->room_ns += (int64_t)(len + ROOM_BESIDES) * ns_a_byte;
}

void udp_lanes_charge(struct udp_lanes *l, const struct sa *src, size_t len,
		      int64_t now_ns)
{
	struct source *s = &l->sources[sa_hash(src, SA_ALL) % SOURCES];

	source_charge(s, now_ns, len, l->ns_a_byte);
	if (source_is_over(s, now_ns) && !lane_find(l, src) && lanes_make_room(l, now_ns))
		lane_open(l, src, s, now_ns);
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

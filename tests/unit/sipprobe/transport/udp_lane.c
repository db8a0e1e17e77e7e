/* A peer that floods a UDP socket is read in turns; everybody else is read as ever. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/udp_private.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

enum { LARGE = 60000, FLOOD = 100, BURST = 40, STAYS_S = 121 };

/* Seconds by which this program's monotonic clock is ahead of the kernel's. */
static time_t ahead_s;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *its,
			   struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *its,
			   struct itimerspec *old);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int err = __real_clock_gettime(id, ts);

	if (!err && (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE))
		ts->tv_sec += ahead_s;
	return err;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *its,
			   struct itimerspec *old)
{
	struct itimerspec at = *its;

	if (at.it_value.tv_sec > ahead_s)
		at.it_value.tv_sec -= ahead_s;
	return __real_timerfd_settime(fd, flags, &at, old);
}

struct end {
	struct udp *udp;
	struct turns *turns;
	struct sa flooder, other; /* whose datagrams are counted */
	unsigned floods, others, strange, errors;
	int64_t other_rx_ns;
	bool close; /* at the next datagram */
	int flood_fd;
};

static void datagram_h(struct udp *u, const struct sa *src, const char *buf, size_t len,
		       int64_t rx_ns, void *arg)
{
	struct end *e = arg;

	(void)buf;
	e->strange += u != e->udp && e->udp;
	e->floods += sa_cmp(src, &e->flooder, SA_ALL) && len == LARGE;
	if (sa_cmp(src, &e->other, SA_ALL)) {
		e->others++;
		e->other_rx_ns = rx_ns;
	}
	if (e->close)
		e->udp = mem_deref(e->udp);
}

static void error_h(struct udp *u, const struct sa *dst, int err, const char *buf,
		    size_t len, void *arg)
{
	struct end *e = arg;

	(void)u, (void)buf, (void)len;
	e->errors += err == ECONNREFUSED && sa_cmp(dst, &e->flooder, SA_ALL);
}

static struct turns *turns_queue_h(void *arg)
{
	return ((struct end *)arg)->turns;
}

static const struct udp_events events = {datagram_h, error_h, turns_queue_h};

static int peer_open(struct sa *sa)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	sa_set_str(sa, "127.0.0.1", 0);
	if (bind(fd, &sa->u.sa, sizeof(sa->u.in)) || getsockname(fd, &sa->u.sa, &sa->len))
		perror("bind");
	return fd;
}

static void peer_send(const struct end *e, int fd, size_t len)
{
	static char buf[LARGE];
	const struct sa *to = udp_local(e->udp);

	if (sendto(fd, buf, len, 0, &to->u.sa, to->len) < 0)
		perror("sendto");
}

static unsigned lanes_of(const struct end *e)
{
	return e->udp && e->udp->lanes ? udp_lanes_count(e->udp->lanes) : 0;
}

static bool has_lane(void *arg)
{
	return lanes_of(arg) == 1;
}

static bool has_no_lane(void *arg)
{
	return !lanes_of(arg);
}

/* Says little from now on: once that is paid for, and time has passed, the lane goes. */
static bool has_calmed(void *arg)
{
	peer_send(arg, ((struct end *)arg)->flood_fd, 400);
	ahead_s += STAYS_S;
	return has_no_lane(arg);
}

static bool has_other(void *arg)
{
	return ((struct end *)arg)->others;
}

static bool has_error(void *arg)
{
	return ((struct end *)arg)->errors;
}

static void open_end(struct end *e, const char *address)
{
	struct sa sa;

	*e = (struct end){.udp = NULL};
	turns_alloc(&e->turns);
	sa_set_str(&sa, address, 0);
	if (udp_socket(&e->udp, &sa, &events, e))
		perror("udp_socket");
}

static void close_end(struct end *e)
{
	e->udp = mem_deref(e->udp);
	e->turns = mem_deref(e->turns);
}

/* Until the loop has seen enough of them. */
static void flood(struct end *e, int fd)
{
	for (unsigned n = 0; n < FLOOD && !lanes_of(e); n++) {
		peer_send(e, fd, LARGE);
		loop_turn();
	}
}

static void check_flood(const char *address)
{
	struct end e;
	int a, b;

	open_end(&e, address);
	a = peer_open(&e.flooder);
	b = peer_open(&e.other);
	for (int i = 0; i < 20; i++)
		peer_send(&e, b, 400);
	ok(loop_until(has_other, &e), "%s: a peer is heard", address);
	is_int(lanes_of(&e), 0, "in the road that all share");
	flood(&e, a);
	ok(has_lane(&e), "who floods gets a lane, after %u datagrams", e.floods);
	ok(udp_lanes_find(e.udp->lanes, &e.flooder) != NULL, "he, not another");
	e.others = e.floods = 0;
	for (int i = 0; i < 4; i++)
		peer_send(&e, a, LARGE);
	peer_send(&e, b, 400);
	udp_catch_up(e.udp, clock_monotonic_ns());
	is_int(e.others * 10 + e.floods, 10, "what is behind him is not behind him");
	udp_catch_up_lane(e.udp, &e.other);
	is_int(e.floods, 0, "nor read for another");
	udp_catch_up_lane(e.udp, &e.flooder);
	ok(e.floods > 0, "but for his own deadline: %u", e.floods);
	e.flood_fd = a;
	peer_send(&e, a, 400);
	loop_turn();
	is_int(lanes_of(&e), 1, "a lane stays for a while");
	ok(loop_until(has_calmed, &e), "the lane ends when he is calm again");
	peer_send(&e, a, LARGE);
	loop_turn();
	loop_turn();
	is_int(e.strange, 0, "all of it came to the one socket");
	close_end(&e);
	close(a);
	close(b);
}

/*
 * Much at once, then nothing until the next time: far less than his share of the time.
 * What has no room in his lane is what keeps him there.
 */
static void test_bursts(void)
{
	struct end e;
	int fd;

	open_end(&e, "127.0.0.1");
	fd = peer_open(&e.flooder);
	for (int i = 0; i < BURST; i++)
		peer_send(&e, fd, LARGE);
	ok(loop_until(has_lane, &e), "a burst alone makes a lane");
	ok(e.floods * udp_cost_ns(LARGE) < TURNS_BURST_NS, "with time left");
	while (e.floods < BURST)
		loop_turn();
	for (int i = 0; i < BURST; i++)
		peer_send(&e, fd, LARGE);
	udp_catch_up_lane(e.udp, &e.flooder);
	ok(e.floods < 2 * BURST, "his lane holds less: %u of %u", e.floods, 2 * BURST);
	for (int i = 0; i < 2; i++) {
		ahead_s += STAYS_S;
		peer_send(&e, fd, 400);
		for (int n = 0; n < 100; n++)
			loop_turn();
		is_int(lanes_of(&e), !i, "kept for what was lost, not when none was");
	}
	close_end(&e);
	close(fd);
}

/* All lanes are taken: one that is over makes room. */
static void test_full(void)
{
	static struct sa src = {.len = sizeof(struct sockaddr_in)};
	struct end e;
	int64_t now_ns;

	open_end(&e, "127.0.0.1");
	udp_lanes_alloc(&e.udp->lanes, e.udp, e.turns);
	for (unsigned i = 0; i <= UDP_LANES_MAX; i++) {
		sa_set_in(&src, 0x7f380000 + i, 5060);
		now_ns = clock_monotonic_ns();
		for (int n = 0; n < 100; n++)
			udp_lanes_charge(e.udp->lanes, &src, LARGE, now_ns);
	}
	is_int(udp_lanes_count(e.udp->lanes), UDP_LANES_MAX, "no more than so many");
	ok(!udp_lanes_find(e.udp->lanes, &src), "the last one stays where he was");
	ahead_s += STAYS_S;
	now_ns = clock_monotonic_ns();
	for (int n = 0; n < 100; n++)
		udp_lanes_charge(e.udp->lanes, &src, LARGE, now_ns);
	is_int(udp_lanes_count(e.udp->lanes), UDP_LANES_MAX, "nor later");
	ok(udp_lanes_find(e.udp->lanes, &src) != NULL, "but then one that is over goes");
	close_end(&e);
}

static void test_error(void)
{
	struct end e;
	int fd;

	open_end(&e, "127.0.0.1");
	fd = peer_open(&e.flooder);
	flood(&e, fd);
	close(fd);
	is_int(udp_transmit(e.udp, &e.flooder, "x", 1, 0), 0, "to one who is gone");
	ok(loop_until(has_error, &e), "ICMP is told of his lane too");
	close_end(&e);
}

/* The socket goes in the handler of what came by a lane. */
static void test_close(void)
{
	struct end e;
	int fd;

	open_end(&e, "127.0.0.1");
	fd = peer_open(&e.flooder);
	flood(&e, fd);
	e.close = true;
	for (int i = 0; i < 3; i++)
		peer_send(&e, fd, LARGE);
	ok(loop_until(has_no_lane, &e), "closed with its lanes");
	loop_turn();
	close_end(&e);
	close(fd);
}

int main(void)
{
	libre_init();
	check_flood("127.0.0.1");
	check_flood("0.0.0.0");
	test_bursts();
	test_full();
	test_error();
	test_close();
	libre_close();
	return tap_done();
}

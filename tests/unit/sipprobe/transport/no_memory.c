/* What cannot be made for want of memory leaves nothing behind. */
#include <sys/socket.h>
#include <unistd.h>

#include "sipprobe/dns/lookup.h"
#include "sipprobe/loop/alarm.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/inbound.h"
#include "sipprobe/transport/listener.h"
#include "sipprobe/transport/local_sockets.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/stream_private.h"
#include "sipprobe/transport/tls_watch.h"
#include "sipprobe/transport/udp_private.h"
#include "tests/unit/descriptors.h"
#include "tests/unit/sipprobe/failing_mem.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

/* What others are made of. */
static struct ticker *ticker;
static struct inbound *inbound;
static struct sockets *sockets;
static struct udp *udp;
static struct turns *turns;
static struct sa here, peer;

static const struct inbound_events inbound_events = {NULL};
static const struct arrivals arrivals = {NULL};
static const struct udp_events udp_events = {NULL};
static const struct stream_events stream_events = {NULL};
static const struct tls_watch_events watch_events = {NULL};

static int alarm_make(void **vp)
{
	return alarm_alloc((struct alarm **)vp, NULL, NULL);
}

static int ticker_make(void **vp)
{
	return ticker_alloc((struct ticker **)vp);
}

static int inbound_make(void **vp)
{
	return inbound_alloc((struct inbound **)vp, turns, &inbound_events, NULL);
}

static int listener_make(void **vp)
{
	return listener_alloc((struct listener **)vp, &here, NULL, inbound);
}

static int sockets_make(void **vp)
{
	return sockets_alloc((struct sockets **)vp, ticker, &arrivals, NULL);
}

static int locals_make(void **vp)
{
	return local_sockets_alloc((struct local_sockets **)vp, &udp_events, NULL);
}

static int udp_make(void **vp)
{
	return udp_socket((struct udp **)vp, &here, &udp_events, NULL);
}

static int lanes_make(void **vp)
{
	return udp_lanes_alloc((struct udp_lanes **)vp, udp, turns);
}

static int stream_make(void **vp)
{
	return stream_connect((struct stream **)vp, &peer, NULL, NULL, NULL,
			      &stream_events, NULL);
}

static int accepted_make(void **vp)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, &peer.u.sa, peer.len))
		perror("# connect");
	return stream_accept((struct stream **)vp, fd, NULL, &stream_events, NULL);
}

static int cache_make(void **vp)
{
	return tls_cache_alloc((struct tls_cache **)vp);
}

static int watch_make(void **vp)
{
	return tls_watch_alloc((struct tls_watch **)vp, ticker, sockets, &watch_events,
			       NULL);
}

static int lookup_none(void **qp, struct lookup *l, const char *name, enum rr_type type,
		       lookup_h *h, void *arg)
{
	(void)qp, (void)l, (void)name, (void)type, (void)h, (void)arg;
	return ENOSYS;
}

static int resolver_make(void **vp)
{
	struct lookup *lookup = __real_mem_zalloc(sizeof(*lookup), NULL);

	if (lookup)
		lookup->ask = lookup_none;
	return resolver_alloc_lookup((struct resolver **)vp, lookup);
}

static const struct {
	const char *name;
	int (*make)(void **vp);
} things[] = {
	{"an alarm", alarm_make},
	{"a ticker", ticker_make},
	{"connections of others", inbound_make},
	{"a listener", listener_make},
	{"sockets", sockets_make},
	{"sockets that trunks want", locals_make},
	{"a UDP socket", udp_make},
	{"lanes of a UDP socket", lanes_make},
	{"a connection to a peer", stream_make},
	{"one from a peer", accepted_make},
	{"TLS profiles", cache_make},
	{"a watch on their files", watch_make},
	{"a resolver", resolver_make},
};

static void test_things(void)
{
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		int open = descriptors_open(), inherited = descriptors_inherited();
		int err = ENOMEM;
		unsigned wrong = 0;
		void *thing = NULL;
		long n;

		for (n = 0; err; n++) {
			mem_countdown = n;
			err = things[i].make(&thing);
			mem_countdown = -1;
			if (err)
				wrong += err != ENOMEM || thing ||
					 descriptors_open() != open;
		}
		ok(n > 1 && !wrong, "%s: ENOMEM and nothing else, or all of it",
		   things[i].name);
		is_int(descriptors_inherited(), inherited, "nothing for other programs");
		mem_deref(thing);
		is_int(descriptors_open(), open, "nothing is left open");
	}
}

static int listen_tcp(struct sa *sa)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, &here.u.sa, here.len) || listen(fd, 16))
		perror("# listen");
	sa->len = sizeof(sa->u);
	(void)getsockname(fd, &sa->u.sa, &sa->len);
	return fd;
}

int main(void)
{
	int fd;

	if (libre_init() || fd_setsize(1024))
		return 1;
	sa_set_str(&here, "127.0.0.1", 0);
	fd = listen_tcp(&peer);
	if (ticker_alloc(&ticker) || turns_alloc(&turns) ||
	    inbound_alloc(&inbound, NULL, &inbound_events, NULL) ||
	    sockets_alloc(&sockets, ticker, &arrivals, NULL) ||
	    udp_socket(&udp, &here, &udp_events, NULL))
		return 1;
	test_things();
	mem_deref(udp);
	mem_deref(sockets);
	mem_deref(inbound);
	mem_deref(turns);
	mem_deref(ticker);
	(void)close(fd);
	libre_close();
	return tap_done();
}

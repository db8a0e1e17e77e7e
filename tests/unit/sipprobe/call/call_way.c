/* A call's connection, and the one that goes past the peer, over loopback. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipprobe/call/call_way.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/sockets.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

static const char response[] = "SIP/2.0 200 OK\r\n"
			       "Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKa\r\n"
			       "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
			       "Call-ID: x\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n";

/* Somebody who listens, and the connection to him. */
struct place {
	struct sa sa;
	int listen_fd, fd; /* -1: none */
	char got[64];
	size_t len;
};

struct seen {
	unsigned ups, messages, losses;
};

static void up_h(void *arg)
{
	((struct seen *)arg)->ups++;
}

static void message_h(const struct guard_message *m, int64_t rx_ns, void *arg)
{
	(void)rx_ns;
	((struct seen *)arg)->messages += m->code == 200;
}

static void lost_h(enum probe_outcome why, int err, const char *detail, void *arg)
{
	(void)why, (void)err, (void)detail;
	((struct seen *)arg)->losses++;
}

static const struct call_way_events events = {up_h, message_h, lost_h};
static const struct arrivals arrivals = {.datagram_h = NULL};

static void place_open(struct place *p)
{
	*p = (struct place){.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
			    .fd = -1};
	(void)sa_set_str(&p->sa, "127.0.0.1", 0);
	p->sa.len = sizeof(p->sa.u);
	if (bind(p->listen_fd, &p->sa.u.sa, sizeof(p->sa.u.in)) ||
	    listen(p->listen_fd, 4) || getsockname(p->listen_fd, &p->sa.u.sa, &p->sa.len))
		puts("# nobody listens");
}

static void place_close(struct place *p)
{
	(void)close(p->listen_fd);
	if (p->fd >= 0)
		(void)close(p->fd);
}

/* Takes a connection if there is none, and what comes on it. */
static bool place_has(void *arg)
{
	struct place *p = arg;
	ssize_t n;

	if (p->fd < 0)
		p->fd = accept4(p->listen_fd, NULL, NULL, SOCK_NONBLOCK);
	n = p->fd < 0 ? -1 : recv(p->fd, p->got + p->len, sizeof(p->got) - p->len - 1, 0);
	if (n > 0)
		p->len += (size_t)n;
	p->got[p->len] = '\0';
	return n > 0;
}

static bool seen_message(void *arg)
{
	return ((struct seen *)arg)->messages;
}

static bool seen_loss(void *arg)
{
	return ((struct seen *)arg)->losses;
}

static bool place_is_left(void *arg)
{
	char byte;

	return !recv(((struct place *)arg)->fd, &byte, 1, 0);
}

static void test_straight(struct call_way *w, struct seen *seen, struct place places[3])
{
	struct place *peer = &places[0], *hop = &places[1], *other = &places[2];

	is_int(call_way_send(w, NULL, "one ", 4), 0, "before the connection is there");
	ok(loop_until(place_has, peer), "to the peer");
	is_int(call_way_send(w, &peer->sa, "two ", 4), 0, "the peer as where to go");
	ok(loop_until(place_has, peer), "is the same connection");
	is_int(call_way_send(w, &hop->sa, "three ", 6), 0, "to another");
	ok(loop_until(place_has, hop), "by a connection of its own");
	is_int(call_way_send(w, &hop->sa, "four ", 5), 0, "again");
	ok(loop_until(place_has, hop), "on the same");
	is_str(peer->got, "one two ", "what the peer had");
	is_str(hop->got, "three four ", "what the other had");
	(void)!send(hop->fd, response, sizeof(response) - 1, MSG_NOSIGNAL);
	ok(loop_until(seen_message, seen), "what answers there is heard");
	is_int(call_way_send(w, &other->sa, "five ", 5), 0, "to a third");
	ok(loop_until(place_has, other), "by one more");
	is_int(call_way_send(w, &hop->sa, "five ", 5), 0, "and the second");
	ok(loop_until(place_has, hop), "has its own yet");
	is_str(hop->got, "three four five ", "all of it on that");
	(void)close(other->fd);
	other->fd = -1;
	ok(loop_until(seen_loss, seen), "its end is told");
	other->len = 0;
	is_int(call_way_send(w, &other->sa, "six ", 4), 0, "and it is opened anew");
	ok(loop_until(place_has, other), "for what is sent next");
	is_str(other->got, "six ", "that alone");
	is_int(seen->ups, 1, "the way was up once");
}

/* As many as forks are hung up; then the oldest goes. */
static void test_many(struct call_way *w, struct place *oldest)
{
	struct place more[15];

	for (int i = 0; i < 15; i++)
		place_open(&more[i]);
	for (int i = 0; i < 15; i++) {
		if (i == 14)
			is_int(place_is_left(oldest), 0, "sixteen have their own");
		is_int(call_way_send(w, &more[i].sa, "x", 1), 0, "to one more");
		ok(loop_until(place_has, &more[i]), "by its own");
	}
	ok(loop_until(place_is_left, oldest), "in place of the oldest");
	for (int i = 0; i < 15; i++)
		place_close(&more[i]);
}

int main(void)
{
	struct config_settings settings = {.t1_us = 500000};
	struct call_way_conf conf = {.arrivals = &arrivals,
				     .transport = CONFIG_TRANSPORT_TCP,
				     .settings = &settings,
				     .name = "127.0.0.1"};
	struct seen seen = {0};
	struct place places[3];
	struct ticker *ticker = NULL;
	struct call_way *w = NULL;

	if (libre_init() || fd_setsize(1024) || ticker_alloc(&ticker) ||
	    tls_cache_alloc(&conf.tls) ||
	    sockets_alloc(&conf.sockets, ticker, &arrivals, NULL))
		return 1;
	for (int i = 0; i < 3; i++)
		place_open(&places[i]);
	conf.peer = places[0].sa;
	is_int(call_way_alloc(&w, &conf, &events, &seen), 0, "a way");
	is_int(call_way_open(w), 0, "that opens");
	test_straight(w, &seen, places);
	test_many(w, &places[1]);
	mem_deref(w);
	for (int i = 0; i < 3; i++)
		place_close(&places[i]);
	mem_deref(conf.sockets);
	mem_deref(conf.tls);
	mem_deref(ticker);
	libre_close();
	return tap_done();
}

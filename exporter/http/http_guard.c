#include "exporter/http/http_guard.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>

#include "base/clock.h"

#define SWEEP_NS (250 * CLOCK_NS_PER_MS)

/* Younger than this, a head or an answer is taken for honest. */
#define HEAD_HONEST_NS	 (1 * CLOCK_NS_PER_S)
#define ANSWER_HONEST_NS (5 * CLOCK_NS_PER_S)

/*
 * A reader who has taken nothing for so long does not read. Who has taken more than fits
 * the buffers of his kernel does.
 */
#define STALL_NS    (1 * CLOCK_NS_PER_S)
#define PAUSE_NS    (50 * CLOCK_NS_PER_MS) /* before new heads make way */
#define READS_BYTES ((uint64_t)256 * 1024)

/* What the kernel may hold for a scrape's reader; left to itself, megabytes. */
#define SEND_BYTES (128 * 1024)

/* Slower than this is too slow where others wait for the memory. */
#define SLOW_BYTES_PER_S 16384
#define SLOW_AFTER_S	 2

/* <netinet/tcp.h> names the states but has no tcpi_bytes_received. */
#define TCP_STATE_CLOSE_WAIT 8

enum client_state {
	CLIENT_HEAD,   /* a request head has begun, or the connection is new */
	CLIENT_IDLE,   /* kept alive between two requests */
	CLIENT_ANSWER, /* from a head's end to the response's */
	CLIENT_WAIT,   /* its answer waits for a probe */
	CLIENT_SHUT,   /* we closed it; libmicrohttpd has yet to notice */
};

struct http_client {
	TAILQ_ENTRY(http_client) entry;
	enum client_state state;
	int fd;
	bool scrape;
	int64_t since_ns;    /* of the state */
	uint64_t received;   /* bytes, when it became idle */
	uint64_t acked;	     /* bytes, by its kernel, when last looked at … */
	uint64_t acked_head; /* … and when the head was complete */
	int64_t moved_ns;    /* when that changed, or nothing was on its way */
	uint8_t network[16]; /* who it is, as far as limits go */
};

TAILQ_HEAD(http_clients, http_client);

struct http_guard {
	struct http_guard_conf conf;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t sweeper;
	struct http_clients clients;
	bool stop;
};

static void http_guard_network_of(uint8_t network[16], const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;

	memset(network, 0, 16);
	if (sa->sa_family == AF_INET) {
		network[10] = network[11] = 0xff;
		memcpy(network + 12, &in->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);

		memcpy(network, &in6->sin6_addr, mapped ? 16 : 8);
	}
}

static struct tcp_info http_guard_tcp_info_of(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		info = (struct tcp_info){0};
	return info;
}

/* Bytes wait in the socket: what is late is libmicrohttpd's thread, not the client. */
static bool http_guard_unread(int fd)
{
	int bytes = 0;

	return !ioctl(fd, FIONREAD, &bytes) && bytes > 0;
}

/* Whether it counts for the limits, and may have to make way for others. */
static bool http_guard_counts(const struct http_client *c)
{
	return c->state != CLIENT_SHUT && c->state != CLIENT_WAIT;
}

static void http_guard_enter(struct http_client *c, enum client_state state)
{
	if (c->state == CLIENT_SHUT)
		return;
	c->state = state;
	c->since_ns = clock_monotonic_ns();
}

/*
 * The descriptor stays: libmicrohttpd reads the end of the stream and cleans up. What a
 * client does not read is not kept for him: he is sent a reset then, which he sees.
 */
static void http_guard_shut(struct http_client *c)
{
	const struct linger none = {.l_onoff = 1};

	if (c->state == CLIENT_ANSWER)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	shutdown(c->fd, SHUT_RDWR);
	c->state = CLIENT_SHUT;
}

/* Unix sockets do not tell how much was taken: of those only the deadline is known. */
static void http_guard_look(struct http_client *c, int64_t now_ns)
{
	struct tcp_info info = http_guard_tcp_info_of(c->fd);
	int unread = 0;

	if (info.tcpi_bytes_acked != c->acked || !info.tcpi_state ||
	    ioctl(c->fd, SIOCOUTQ, &unread) || !unread)
		c->moved_ns = now_ns;
	c->acked = info.tcpi_bytes_acked;
}

static bool http_guard_reads(const struct http_client *c)
{
	return c->acked - c->acked_head >= READS_BYTES;
}

static bool http_guard_stalled(const struct http_client *c, int64_t now_ns,
			       int64_t stall_ns)
{
	return now_ns - c->moved_ns > stall_ns;
}

static bool http_guard_slow(const struct http_client *c, int64_t now_ns)
{
	uint64_t age_s = (uint64_t)(now_ns - c->since_ns) / CLOCK_NS_PER_S;

	return age_s >= SLOW_AFTER_S && c->moved_ns != now_ns &&
	       c->acked - c->acked_head < age_s * SLOW_BYTES_PER_S;
}

/* Order in which clients lose their connections: who deserves it least first. */
static int http_guard_rank(const struct http_client *c, int64_t now_ns)
{
	int64_t age_ns = now_ns - c->since_ns;

	switch (c->state) {
	case CLIENT_HEAD:
		return age_ns > HEAD_HONEST_NS ? 0 : 3;
	case CLIENT_IDLE:
		return 1;
	case CLIENT_ANSWER:
		if (http_guard_stalled(c, now_ns, STALL_NS))
			return 0;
		if (http_guard_reads(c))
			return 5;
		return age_ns > ANSWER_HONEST_NS ||
				       http_guard_stalled(c, now_ns, PAUSE_NS)
			       ? 2
			       : 4;
	default:
		return 6;
	}
}

/* Whether @a goes before @b. Of two readers, the one who has taken nothing for longer. */
static bool http_guard_worse(const struct http_client *a, const struct http_client *b,
			     int64_t now_ns)
{
	int rank = http_guard_rank(a, now_ns), other = http_guard_rank(b, now_ns);

	if (rank != other)
		return rank < other;
	if (a->state == CLIENT_ANSWER && b->state == CLIENT_ANSWER &&
	    a->moved_ns != b->moved_ns)
		return a->moved_ns < b->moved_ns;
	return a->since_ns < b->since_ns;
}

static bool http_guard_same_network(const struct http_client *a,
				    const struct http_client *b)
{
	return !memcmp(a->network, b->network, sizeof(a->network));
}

/* Closes the least deserving but @c itself. @like: only of the network of that one */
static void http_guard_make_way(struct http_guard *g, const struct http_client *c,
				const struct http_client *like)
{
	int64_t now_ns = clock_monotonic_ns();
	struct http_client *o, *worst = NULL;

	for (o = TAILQ_FIRST(&g->clients); o; o = TAILQ_NEXT(o, entry)) {
		if (o == c || !http_guard_counts(o) ||
		    (like && !http_guard_same_network(o, like)))
			continue;
		if (o->state == CLIENT_ANSWER)
			http_guard_look(o, now_ns);
		if (!worst || http_guard_worse(o, worst, now_ns))
			worst = o;
	}
	if (worst)
		http_guard_shut(worst);
}

void http_guard_shortage(struct http_guard *g)
{
	pthread_mutex_lock(&g->lock);
	http_guard_make_way(g, NULL, NULL);
	pthread_mutex_unlock(&g->lock);
}

static void http_guard_keep_limits(struct http_guard *g, const struct http_client *c)
{
	const struct http_client *o;
	int all = 0, alike = 0;

	for (o = TAILQ_FIRST(&g->clients); o; o = TAILQ_NEXT(o, entry)) {
		if (!http_guard_counts(o))
			continue;
		all++;
		alike += http_guard_same_network(o, c);
	}
	if (alike > HTTP_GUARD_CLIENTS_PER_IP)
		http_guard_make_way(g, c, c);
	else if (all > HTTP_GUARD_CLIENTS)
		http_guard_make_way(g, c, NULL);
}

/*
 * A client that asked and went at once can leave a connection that libmicrohttpd, waiting
 * for an edge of epoll that is past, would keep until its timeout.
 */
static void http_guard_check_waiting(const struct http_guard *g, struct http_client *c,
				     int64_t age_ns)
{
	struct tcp_info info = http_guard_tcp_info_of(c->fd);
	bool gone = info.tcpi_state == TCP_STATE_CLOSE_WAIT && age_ns > HEAD_HONEST_NS;
	bool late = c->state == CLIENT_HEAD && age_ns > g->conf.head_ns;

	if ((gone || late) && !http_guard_unread(c->fd))
		http_guard_shut(c);
	else if (c->state == CLIENT_IDLE && info.tcpi_bytes_received > c->received)
		http_guard_enter(c, CLIENT_HEAD);
}

static void http_guard_check_answer(const struct http_guard *g, struct http_client *c,
				    int64_t now_ns)
{
	if (c->scrape)
		http_guard_look(c, now_ns);
	if (now_ns - c->since_ns > g->conf.answer_ns ||
	    (c->scrape && http_guard_stalled(c, now_ns, g->conf.stall_ns)))
		http_guard_shut(c);
}

static void http_guard_check(const struct http_guard *g, struct http_client *c,
			     int64_t now_ns)
{
	int64_t age_ns = now_ns - c->since_ns;

	if (c->state == CLIENT_HEAD || c->state == CLIENT_IDLE)
		http_guard_check_waiting(g, c, age_ns);
	else if (c->state == CLIENT_ANSWER)
		http_guard_check_answer(g, c, now_ns);
}

static void http_guard_sweep_wait(struct http_guard *g)
{
	int64_t at_ns = clock_monotonic_ns() + SWEEP_NS;
	struct timespec at = {.tv_sec = at_ns / CLOCK_NS_PER_S,
			      .tv_nsec = at_ns % CLOCK_NS_PER_S};

	if (TAILQ_EMPTY(&g->clients))
		pthread_cond_wait(&g->wake, &g->lock);
	else
		pthread_cond_timedwait(&g->wake, &g->lock, &at);
}

static void *http_guard_sweeper(void *arg)
{
	struct http_guard *g = arg;
	struct http_client *c;

	pthread_mutex_lock(&g->lock);
	while (!g->stop) {
		int64_t now_ns = clock_monotonic_ns();

		for (c = TAILQ_FIRST(&g->clients); c; c = TAILQ_NEXT(c, entry))
			http_guard_check(g, c, now_ns);
		http_guard_sweep_wait(g);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

int http_guard_alloc(struct http_guard **gp, const struct http_guard_conf *conf)
{
	struct http_guard *g = calloc(1, sizeof(*g));
	pthread_condattr_t attr;
	int err;

	if (!g)
		return ENOMEM;
	g->conf = *conf;
	TAILQ_INIT(&g->clients);
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->wake, &attr);
	pthread_condattr_destroy(&attr);
	err = pthread_create(&g->sweeper, NULL, http_guard_sweeper, g);
	if (err) {
		free(g);
		return err;
	}
	*gp = g;
	return 0;
}

void http_guard_free(struct http_guard *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->stop = true;
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->sweeper, NULL);
	pthread_cond_destroy(&g->wake);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

struct http_client *http_guard_opened(struct http_guard *g, int fd,
				      const struct sockaddr *peer)
{
	struct http_client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	http_guard_network_of(c->network, peer);
	http_guard_enter(c, CLIENT_HEAD);
	pthread_mutex_lock(&g->lock);
	if (TAILQ_EMPTY(&g->clients))
		pthread_cond_signal(&g->wake);
	TAILQ_INSERT_TAIL(&g->clients, c, entry);
	http_guard_keep_limits(g, c);
	pthread_mutex_unlock(&g->lock);
	return c;
}

void http_guard_head(struct http_guard *g, struct http_client *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&g->lock);
	http_guard_enter(c, CLIENT_ANSWER);
	http_guard_look(c, c->since_ns);
	c->acked_head = c->acked;
	c->moved_ns = c->since_ns;
	pthread_mutex_unlock(&g->lock);
}

void http_guard_wait(struct http_guard *g, struct http_client *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&g->lock);
	http_guard_enter(c, CLIENT_WAIT);
	pthread_mutex_unlock(&g->lock);
}

void http_guard_scrape(struct http_guard *g, struct http_client *c)
{
	const int size = SEND_BYTES;

	if (!c)
		return;
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	pthread_mutex_lock(&g->lock);
	c->scrape = true;
	pthread_mutex_unlock(&g->lock);
}

void http_guard_hurry(struct http_guard *g)
{
	int64_t now_ns = clock_monotonic_ns();
	struct http_client *c;

	pthread_mutex_lock(&g->lock);
	for (c = TAILQ_FIRST(&g->clients); c; c = TAILQ_NEXT(c, entry)) {
		if (!c->scrape || c->state != CLIENT_ANSWER)
			continue;
		http_guard_look(c, now_ns);
		if (http_guard_stalled(c, now_ns, STALL_NS) || http_guard_slow(c, now_ns))
			http_guard_shut(c);
	}
	pthread_mutex_unlock(&g->lock);
}

void http_guard_done(struct http_guard *g, struct http_client *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&g->lock);
	c->scrape = false;
	c->received = http_guard_tcp_info_of(c->fd).tcpi_bytes_received;
	http_guard_enter(c, CLIENT_IDLE);
	pthread_mutex_unlock(&g->lock);
}

void http_guard_closed(struct http_guard *g, struct http_client *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&g->lock);
	TAILQ_REMOVE(&g->clients, c, entry);
	pthread_mutex_unlock(&g->lock);
	free(c);
}

void http_guard_network(uint8_t network[16], const struct http_client *c)
{
	if (c)
		memcpy(network, c->network, 16);
	else
		memset(network, 0, 16);
}

size_t http_guard_busy(struct http_guard *g)
{
	const struct http_client *c;
	size_t busy = 0;

	pthread_mutex_lock(&g->lock);
	for (c = TAILQ_FIRST(&g->clients); c; c = TAILQ_NEXT(c, entry))
		busy += c->state == CLIENT_ANSWER || c->state == CLIENT_WAIT;
	pthread_mutex_unlock(&g->lock);
	return busy;
}

#include "exporter/http/http_guard_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* What the kernel may hold for a scrape's reader; left to itself, megabytes. */
#define SEND_BYTES (128 * 1024)

/* How long a connection waits at most until the heads before it are read. */
#define ADMIT_NS      (50 * CLOCK_NS_PER_MS)
#define ADMIT_STEP_NS (1 * CLOCK_NS_PER_MS)

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

/* Whether it counts for the limits, and may have to make way for others. */
static bool http_guard_counts(const struct http_client *c)
{
	return c->state != CLIENT_SHUT && c->state != CLIENT_WAIT;
}

void http_guard_enter(struct http_client *c, enum client_state state)
{
	if (c->state == CLIENT_SHUT)
		return;
	c->state = state;
	c->since_ns = clock_monotonic_ns();
}

/* The descriptor stays libmicrohttpd's. */
void http_guard_shut(struct http_client *c)
{
	const struct linger none = {.l_onoff = 1};

	if (c->state == CLIENT_ANSWER)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	shutdown(c->fd, SHUT_RDWR);
	c->state = CLIENT_SHUT;
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

/* Under the lock. Heads that libmicrohttpd's thread has yet to read. */
static unsigned http_guard_backlog(const struct http_guard *g)
{
	const struct http_client *c;
	unsigned unread = 0;

	for (c = TAILQ_FIRST(&g->clients); c; c = TAILQ_NEXT(c, entry))
		unread += c->state == CLIENT_HEAD && http_guard_unread(c->fd);
	return g->handed + unread;
}

void http_guard_admit(struct http_guard *g)
{
	const struct timespec step = {.tv_nsec = ADMIT_STEP_NS};
	int64_t end_ns = clock_monotonic_ns() + ADMIT_NS;

	pthread_mutex_lock(&g->lock);
	while (!g->stop && http_guard_backlog(g) >= HTTP_GUARD_BACKLOG) {
		/* Some were handed over that it did not take: they are no more. */
		if (clock_monotonic_ns() >= end_ns) {
			g->handed = 0;
			break;
		}
		pthread_mutex_unlock(&g->lock);
		(void)nanosleep(&step, NULL);
		pthread_mutex_lock(&g->lock);
	}
	g->handed++;
	pthread_mutex_unlock(&g->lock);
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
	if (g->handed)
		g->handed--;
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

void http_guard_done(struct http_guard *g, struct http_client *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&g->lock);
	c->scrape = false;
	c->received = http_guard_received(c);
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

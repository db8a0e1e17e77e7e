/* Cuts off who takes too long, now and then, and at once where memory runs short. */
#include <linux/tcp.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "exporter/http/http_guard_private.h"

#define SWEEP_NS (250 * CLOCK_NS_PER_MS)

/* Slower than this is too slow where others wait for the memory. */
#define SLOW_BYTES_PER_S 16384
#define SLOW_AFTER_S	 2

/* <netinet/tcp.h> names the states but has no tcpi_bytes_received. */
#define TCP_STATE_CLOSE_WAIT 8

static bool http_guard_slow(const struct http_client *c, int64_t now_ns)
{
	uint64_t age_s = (uint64_t)(now_ns - c->since_ns) / CLOCK_NS_PER_S;

	return age_s >= SLOW_AFTER_S && c->moved_ns != now_ns &&
	       c->acked - c->acked_head < age_s * SLOW_BYTES_PER_S;
}

/*
 * A client that asked and went at once can leave a connection that libmicrohttpd, waiting
 * for an edge of epoll that is past, would keep until its timeout.
 */
static void http_guard_check_waiting(const struct http_guard *g, struct http_client *c,
				     int64_t age_ns)
{
	struct tcp_info info = http_guard_tcp_info(c->fd);
	bool gone = info.tcpi_state == TCP_STATE_CLOSE_WAIT &&
		    age_ns > HTTP_GUARD_HEAD_HONEST_NS;
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

void *http_guard_sweeper(void *arg)
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

void http_guard_hurry(struct http_guard *g)
{
	int64_t now_ns = clock_monotonic_ns();
	struct http_client *c;

	pthread_mutex_lock(&g->lock);
	for (c = TAILQ_FIRST(&g->clients); c; c = TAILQ_NEXT(c, entry)) {
		if (!c->scrape || c->state != CLIENT_ANSWER)
			continue;
		http_guard_look(c, now_ns);
		if (http_guard_stalled(c, now_ns, HTTP_GUARD_STALL_NS) ||
		    http_guard_slow(c, now_ns))
			http_guard_shut(c);
	}
	pthread_mutex_unlock(&g->lock);
}

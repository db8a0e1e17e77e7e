#include "tests/support/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	RELAY_PATHS = 16,
	RELAY_WAITING = 4096, /* packets */
	RELAY_BYTES = 300,
};

struct relay_path {
	struct relay_fault fault;
	struct relay_counts counts;
	int fd[3]; /* facing the first end, the second; `elsewhere`: the first again */
	struct sockaddr_in end[2];
	uint32_t seed;
	uint16_t numbers[2]; /* what is added to sequence numbers */
};

struct waiting {
	int64_t at_ns;
	uint64_t order;
	int fd;
	struct sockaddr_in to;
	size_t bytes;
	uint8_t data[RELAY_BYTES];
};

struct relay {
	struct relay_path paths[RELAY_PATHS];
	unsigned count;
	struct waiting *waiting;
	unsigned waits;
	uint64_t order;
	pthread_t thread;
	bool running;
	atomic_bool stop;
};

static uint32_t path_chance(struct relay_path *p, uint32_t below)
{
	p->seed = p->seed * 1664525 + 1013904223;
	return below ? (p->seed >> 8) % below : 0;
}

static int path_socket(int *fdp, uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	*fdp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fdp < 0 || bind(*fdp, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(*fdp, (struct sockaddr *)&a, &len))
		return errno;
	*port = ntohs(a.sin_port);
	return 0;
}

int relay_alloc(struct relay **rp)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (r)
		r->waiting = calloc(RELAY_WAITING, sizeof(*r->waiting));
	if (!r || !r->waiting) {
		free(r);
		return ENOMEM;
	}
	*rp = r;
	return 0;
}

int relay_path_add(struct relay_path **pp, struct relay *r, const struct relay_fault *f,
		   uint16_t ports[2])
{
	struct relay_path *p = &r->paths[r->count];
	uint16_t away;
	int err = r->count == RELAY_PATHS ? ENOSPC : path_socket(&p->fd[0], &ports[0]);

	if (!err)
		err = path_socket(&p->fd[1], &ports[1]);
	if (!err)
		err = path_socket(&p->fd[2], &away);
	if (err)
		return err;
	p->fault = *f;
	p->seed = 2463534242U + r->count;
	p->numbers[0] = 65000;
	p->numbers[1] = 3;
	r->count++;
	*pp = p;
	return 0;
}

void relay_path_ends(struct relay_path *p, uint16_t first, uint16_t second)
{
	uint16_t ports[2] = {first, second};

	for (int i = 0; i < 2; i++)
		p->end[i] =
			(struct sockaddr_in){.sin_family = AF_INET,
					     .sin_port = htons(ports[i]),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void path_renumber(struct relay_path *p, int from, uint8_t *data)
{
	uint16_t n = (uint16_t)((data[2] << 8 | data[3]) + p->numbers[from]);

	data[2] = (uint8_t)(n >> 8);
	data[3] = (uint8_t)n;
	data[8] ^= 0x5a;
}

static void relay_later(struct relay *r, struct relay_path *p, int from,
			const uint8_t *data, size_t bytes, int64_t now_ns)
{
	int to = p->fault.echo ? from : !from;
	int64_t ms = p->fault.delay_ms;
	struct waiting *w;

	if (p->fault.spread_ms)
		ms += (int64_t)path_chance(p, 2 * p->fault.spread_ms + 1) -
		      p->fault.spread_ms;
	if (r->waits == RELAY_WAITING)
		return;
	w = &r->waiting[r->waits++];
	w->at_ns = now_ns + ms * CLOCK_NS_PER_MS;
	w->order = r->order++;
	w->fd = p->fault.elsewhere && to == 0 ? p->fd[2] : p->fd[to];
	w->to = p->end[to];
	w->bytes = bytes;
	memcpy(w->data, data, bytes);
}

static void relay_take(struct relay *r, struct relay_path *p, unsigned fd, int64_t now_ns)
{
	uint8_t data[RELAY_BYTES];
	int from = fd == 1;
	ssize_t n;

	while ((n = recv(p->fd[fd], data, sizeof(data), 0)) > 0) {
		p->counts.in[from]++;
		if (p->fault.renumber && n >= 12)
			path_renumber(p, from, data);
		if ((p->fault.one_way && from) ||
		    path_chance(p, 1000) < p->fault.loss_permille) {
			p->counts.lost[from]++;
			continue;
		}
		relay_later(r, p, from, data, (size_t)n, now_ns);
		if (path_chance(p, 1000) < p->fault.twice_permille) {
			p->counts.twice[from]++;
			relay_later(r, p, from, data, (size_t)n, now_ns);
		}
	}
}

static int waiting_compare(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? 1 : -1;
	return x->order < y->order ? 1 : -1;
}

/* The next to leave is the last of them. */
static void relay_send(struct relay *r, int64_t now_ns)
{
	qsort(r->waiting, r->waits, sizeof(*r->waiting), waiting_compare);
	while (r->waits && r->waiting[r->waits - 1].at_ns <= now_ns) {
		struct waiting *w = &r->waiting[--r->waits];

		(void)!sendto(w->fd, w->data, w->bytes, 0, (struct sockaddr *)&w->to,
			      sizeof(w->to));
	}
}

static void *relay_thread(void *arg)
{
	struct relay *r = arg;
	struct pollfd fds[3 * RELAY_PATHS];

	while (!atomic_load(&r->stop)) {
		int64_t now_ns;

		for (unsigned i = 0; i < 3 * r->count; i++)
			fds[i] = (struct pollfd){r->paths[i / 3].fd[i % 3], POLLIN, 0};
		(void)poll(fds, 3 * r->count, r->waits ? 1 : 20);
		now_ns = clock_monotonic_ns();
		for (unsigned i = 0; i < 3 * r->count; i++)
			if (fds[i].revents)
				relay_take(r, &r->paths[i / 3], i % 3, now_ns);
		relay_send(r, now_ns);
	}
	return NULL;
}

int relay_run(struct relay *r)
{
	int err = pthread_create(&r->thread, NULL, relay_thread, r);

	r->running = !err;
	return err;
}

void relay_stop(struct relay *r)
{
	atomic_store(&r->stop, true);
	if (r->running)
		(void)pthread_join(r->thread, NULL);
	r->running = false;
}

void relay_free(struct relay *r)
{
	relay_stop(r);
	for (unsigned i = 0; i < r->count; i++) {
		for (unsigned k = 0; k < 3; k++)
			(void)close(r->paths[i].fd[k]);
	}
	free(r->waiting);
	free(r);
}

struct relay_counts relay_path_counts(const struct relay_path *p)
{
	return p->counts;
}

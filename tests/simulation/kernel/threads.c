#include "tests/simulation/kernel/threads.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/fds.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/world.h"
#include "tests/simulation/kernel/wrapped.h"

enum {
	STREAM = 11, /* of the seed */
	WAKE_US_LEAST = 5,
	WAKE_US_MOST = 150,
	WAKE_LATE_MS = 8,
	ROUNDS_MAX = 100000, /* of one turn: it spins */
};

struct watched {
	int epoll, fd;
	uint64_t tag;
};

static struct {
	void *(*run)(void *arg);
	void *arg;
	bool there, due, ended;
	jmp_buf out; /* to where its turn began */
	unsigned rounds;
	uint64_t stream;
	struct watched *list;
	size_t count, size;
} thread;

void threads_begin(uint64_t seed)
{
	thread.stream = chance_stream(seed, STREAM);
}

static void threads_run_h(void *arg)
{
	(void)arg;
	thread.rounds = 0;
	if (setjmp(thread.out))
		return;
	(void)thread.run(thread.arg);
	thread.ended = true;
}

/* A stall is of the loop alone, or of the whole machine. */
static bool threads_stand_still(int64_t until_ns)
{
	return until_ns > world_now_ns() && until_ns / WORLD_MS % 2;
}

static void threads_turn_h(void *arg)
{
	int64_t until_ns = world_stalled_until_ns();

	if (threads_stand_still(until_ns)) {
		world_at(until_ns, threads_turn_h, arg);
		return;
	}
	thread.due = false;
	if (thread.there && !thread.ended)
		world_beside(threads_run_h, NULL);
}

/* The scheduler's delay: short, and now and then not. */
static int64_t threads_delay_ns(void)
{
	if (chance_of(&thread.stream, 2000))
		return chance_between(&thread.stream, 1, WAKE_LATE_MS) * WORLD_MS;
	return chance_between(&thread.stream, WAKE_US_LEAST, WAKE_US_MOST) *
	       CLOCK_NS_PER_US;
}

void threads_wake(void)
{
	if (!thread.there || thread.due)
		return;
	thread.due = true;
	world_in(threads_delay_ns(), threads_turn_h, NULL);
}

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg)
{
	(void)attr;
	if (thread.there)
		return EAGAIN;
	*t = pthread_self();
	thread.run = run;
	thread.arg = arg;
	thread.there = true;
	thread.ended = false;
	threads_wake();
	return 0;
}

/* Told to end, it does so in the turn that it has for that. */
int __wrap_pthread_join(pthread_t t, void **value)
{
	(void)t, (void)value;
	if (thread.there && !thread.ended)
		world_beside(threads_run_h, NULL);
	if (!thread.ended) {
		fputs("sim: the media thread does not end\n", stderr);
		abort();
	}
	thread.there = false;
	return 0;
}

int __wrap_setpriority(int which, unsigned who, int priority)
{
	(void)which, (void)who, (void)priority;
	return 0;
}

/* --- what it waits for --- */

static int threads_nothing(void *thing)
{
	(void)thing;
	return 0;
}

static void threads_close(void *thing)
{
	(void)thing;
	thread.count = 0;
}

static const struct fd_kind epoll_kind = {threads_nothing, threads_close};

int __wrap_epoll_create1(int flags)
{
	(void)flags;
	return fds_open(&epoll_kind, &thread);
}

int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e)
{
	if (!fds_get(epoll, &epoll_kind) || op != EPOLL_CTL_ADD || e->events != EPOLLIN) {
		errno = EINVAL;
		return -1;
	}
	if (thread.count == thread.size) {
		thread.size = thread.size ? 2 * thread.size : 64;
		thread.list =
			memory_more(thread.list, thread.size * sizeof(*thread.list));
	}
	thread.list[thread.count++] = (struct watched){epoll, fd, e->data.u64};
	fds_list(fd);
	return 0;
}

void threads_forget(int fd)
{
	size_t i = 0;

	while (i < thread.count && thread.list[i].fd != fd)
		i++;
	if (i < thread.count)
		thread.list[i] = thread.list[--thread.count];
}

/* Nothing is ready: what of it is ready next wakes it. */
static void threads_wait(int epoll)
{
	for (size_t i = 0; i < thread.count; i++)
		if (thread.list[i].epoll == epoll)
			fds_wait(thread.list[i].fd);
	longjmp(thread.out, 1);
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
	int n = 0;

	for (size_t i = 0; i < thread.count && n < most; i++) {
		const struct watched *w = &thread.list[i];

		if (w->epoll == epoll && fds_look(w->fd, FD_READ))
			events[n++] = (struct epoll_event){.events = EPOLLIN,
							   .data.u64 = w->tag};
	}
	if (!n && timeout)
		threads_wait(epoll);
	if (++thread.rounds == ROUNDS_MAX) {
		fputs("sim: the media thread spins\n", stderr);
		abort();
	}
	return n;
}

/* --- the bells that both ring --- */

struct bell {
	int fd;
	uint64_t count;
};

static int bell_ready(void *thing)
{
	return ((const struct bell *)thing)->count ? FD_READ : 0;
}

static const struct fd_kind bell_kind = {bell_ready, memory_free};

int __wrap_eventfd(unsigned count, int flags)
{
	struct bell *b = memory_get(sizeof(*b));

	(void)flags;
	b->count = count;
	b->fd = fds_open(&bell_kind, b);
	if (b->fd < 0) {
		memory_free(b);
		return -1;
	}
	return b->fd;
}

int __wrap_eventfd_write(int fd, uint64_t value)
{
	struct bell *b = fds_get(fd, &bell_kind);

	world_call();
	if (!b)
		return -1;
	b->count += value;
	fds_touch(fd);
	return 0;
}

int __wrap_eventfd_read(int fd, uint64_t *value)
{
	struct bell *b = fds_get(fd, &bell_kind);

	world_call();
	if (!b || !b->count) {
		errno = EAGAIN;
		return -1;
	}
	*value = b->count;
	b->count = 0;
	return 0;
}

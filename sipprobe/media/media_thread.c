#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sipprobe/media/media_private.h"

enum {
	THREAD_EVENTS = 1024, /* sockets read a turn; the others have the next one */
	MEDIA_THREAD_NICE = -10,
};

static void media_thread_start(struct media *m, struct media_command *c)
{
	session_start(m, c->session, &c->start);
}

static void media_thread_pair(struct media *m, struct media_command *c)
{
	(void)m;
	session_pair(c->session, c->other);
}

static void media_thread_quiet(struct media *m, struct media_command *c)
{
	(void)m;
	c->session->quiet = true;
}

static void media_thread_stop(struct media *m, struct media_command *c)
{
	session_stop(m, c->session);
}

static void media_thread_configure(struct media *m, struct media_command *c)
{
	struct le *le;

	m->network_count = c->conf.network_count;
	for (size_t i = 0; i < m->network_count; i++)
		m->networks[i] = c->conf.networks[i];
	for (unsigned i = 0; i < MEDIA_SLOTS; i++)
		for (le = list_head(&m->slots[i]); le; le = le->next)
			session_allow(m, le->data);
}

static void media_thread_obey(struct media *m)
{
	static void (*const obey[MEDIA_COMMANDS])(struct media * m,
						  struct media_command * c) = {
		[MEDIA_COMMAND_START] = media_thread_start,
		[MEDIA_COMMAND_PAIR] = media_thread_pair,
		[MEDIA_COMMAND_QUIET] = media_thread_quiet,
		[MEDIA_COMMAND_STOP] = media_thread_stop,
		[MEDIA_COMMAND_CONFIGURE] = media_thread_configure,
	};
	struct media_command *c;
	uint64_t count;

	(void)eventfd_read(m->wake_fd, &count);
	while ((c = media_command_pop(m))) {
		/* One that is part of its session may be gone with it afterwards. */
		bool embedded = c->embedded;

		obey[c->kind](m, c);
		if (!embedded)
			media_command_free(c);
	}
}

static void media_thread_read(struct media *m)
{
	struct epoll_event events[THREAD_EVENTS];
	int n = epoll_wait(m->sockets_fd, events, THREAD_EVENTS, 0);

	for (int i = 0; i < n; i++) {
		uint64_t tag = events[i].data.u64;
		struct media_session *s =
			(void *)(uintptr_t)(tag & ~(uint64_t)MEDIA_TAG_RTCP);

		session_read(m, s, tag & MEDIA_TAG_RTCP);
	}
}

/* Sends first, since that has to be on time; commands last, as they end sessions. */
static void media_thread_turn(struct media *m)
{
	struct epoll_event events[2];
	int n = epoll_wait(m->wait_fd, events, 2, -1);
	bool asked = false;
	uint64_t expirations;

	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 == MEDIA_TAG_TIMER) {
			(void)!read(m->timer_fd, &expirations, sizeof(expirations));
			m->armed_tick = INT64_MIN;
		}
		asked |= events[i].data.u64 == MEDIA_TAG_WAKE;
	}
	media_wheel_turn(m);
	media_thread_read(m);
	if (asked)
		media_thread_obey(m);
}

static bool media_thread_is_ending(struct media *m)
{
	bool ending;

	pthread_mutex_lock(&m->lock);
	ending = m->ending;
	pthread_mutex_unlock(&m->lock);
	return ending;
}

void *media_thread_run(void *arg)
{
	struct media *m = arg;

	/*
	 * Its work is short and has its time; others can wait. Of this thread alone, as
	 * Linux has it, and only where the system lets us.
	 */
	(void)setpriority(PRIO_PROCESS, 0, MEDIA_THREAD_NICE);
	while (!media_thread_is_ending(m))
		media_thread_turn(m);
	return NULL;
}

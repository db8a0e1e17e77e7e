#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/thread.h"
#include "sipprobe/media/media_private.h"

static void media_message_free(struct media_message *msg)
{
	if (!msg->gone)
		free(msg);
}

static void media_close(int *fdp)
{
	if (*fdp >= 0)
		(void)close(*fdp);
	*fdp = -1;
}

/* The thread comes round at once and sees that it is to end. */
static void media_join(struct media *m)
{
	pthread_mutex_lock(&m->lock);
	m->ending = true;
	pthread_mutex_unlock(&m->lock);
	(void)eventfd_write(m->wake_fd, 1);
	(void)pthread_join(m->thread, NULL);
}

static void media_destructor(void *arg)
{
	struct media *m = arg;
	struct media_command *c;
	struct media_message *msg;

	if (m->running)
		media_join(m);
	while ((c = media_command_pop(m)))
		media_command_free(c);
	while ((msg = media_message_pop(m)))
		media_message_free(msg);
	list_flush(&m->sessions);
	if (m->bell_fd >= 0)
		fd_close(m->bell_fd);
	media_close(&m->bell_fd);
	media_close(&m->wake_fd);
	media_close(&m->wait_fd);
	media_close(&m->sockets_fd);
	media_close(&m->timer_fd);
	mem_deref(m->batch);
	pthread_mutex_destroy(&m->lock);
}

/* Its last message: the report, and with it the session, goes. */
static void media_session_end(struct media *m, struct media_session *s)
{
	list_unlink(&s->le);
	m->count--;
	if (!s->dropped && s->handlers->report_h)
		s->handlers->report_h(s, &s->report, s->arg);
	mem_deref(s);
}

static void media_tell(struct media *m, struct media_message *msg)
{
	struct media_session *s = msg->session;

	if (msg->gone) {
		media_session_end(m, s);
		return;
	}
	if (!s->dropped)
		s->handlers->event_h(s, &msg->event, s->arg);
	free(msg);
}

static void media_bell_h(int flags, void *arg)
{
	struct media *m = arg;
	struct media_message *msg;
	uint64_t count;

	(void)flags;
	(void)eventfd_read(m->bell_fd, &count);
	/* A handler may end all of it: then nothing more is told. */
	mem_ref(m);
	while (mem_nrefs(m) > 1 && (msg = media_message_pop(m)))
		media_tell(m, msg);
	mem_deref(m);
}

static int media_watch(struct media *m, int fd, uint64_t tag)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = tag};

	return epoll_ctl(m->wait_fd, EPOLL_CTL_ADD, fd, &e) ? errno : 0;
}

static int media_open(struct media *m)
{
	int err;

	m->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	m->sockets_fd = epoll_create1(EPOLL_CLOEXEC);
	m->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	m->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	m->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->wait_fd < 0 || m->sockets_fd < 0 || m->timer_fd < 0 || m->wake_fd < 0 ||
	    m->bell_fd < 0)
		return errno;
	err = media_watch(m, m->wake_fd, MEDIA_TAG_WAKE);
	if (!err)
		err = media_watch(m, m->timer_fd, MEDIA_TAG_TIMER);
	if (!err)
		err = wire_batch_alloc(&m->batch);
	return err ? err : fd_listen(m->bell_fd, FD_READ, media_bell_h, m);
}

static int media_run(struct media *m)
{
	int err = thread_start(&m->thread, media_thread_run, m);

	m->running = !err;
	return err;
}

static int media_check(const struct media_conf *conf)
{
	unsigned first = (conf->port_first + 1U) & ~1U;

	if (!conf->port_first || conf->port_last < first + 1U ||
	    conf->network_count > MEDIA_NETWORKS)
		return EINVAL;
	for (size_t i = 0; i < conf->network_count; i++)
		if (conf->networks[i].prefix > 128)
			return EINVAL;
	return 0;
}

static void media_take(struct media *m, const struct media_conf *conf)
{
	m->conf = *conf;
	m->ports.first = conf->port_first;
	m->ports.last = conf->port_last;
}

static void media_init(struct media *m, const struct media_conf *conf)
{
	pthread_mutex_init(&m->lock, NULL);
	m->wait_fd = m->sockets_fd = m->timer_fd = m->wake_fd = m->bell_fd = -1;
	m->epoch_ns = wire_now_ns();
	m->armed_tick = INT64_MAX;
	media_take(m, conf);
	m->network_count = conf->network_count;
	for (size_t i = 0; i < conf->network_count; i++)
		m->networks[i] = conf->networks[i];
}

int media_alloc(struct media **mp, const struct media_conf *conf)
{
	struct media *m;
	int err = media_check(conf);

	if (err)
		return err;
	m = mem_zalloc(sizeof(*m), media_destructor);
	if (!m)
		return ENOMEM;
	media_init(m, conf);
	err = media_open(m);
	if (!err)
		err = media_run(m);
	if (err)
		mem_deref(m);
	else
		*mp = m;
	return err;
}

int media_configure(struct media *m, const struct media_conf *conf)
{
	struct media_command *c;
	int err = media_check(conf);

	if (err)
		return err;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ENOMEM;
	media_take(m, conf);
	c->kind = MEDIA_COMMAND_CONFIGURE;
	c->conf = *conf;
	media_command_push(m, c);
	return 0;
}

unsigned media_sessions(const struct media *m)
{
	return m->count;
}

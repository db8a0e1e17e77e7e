#include "exporter/http/http_accept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* How long to wait for a descriptor that somebody gives back. */
#define RETRY_MS 50

struct http_accept {
	int fd;
	int stop_fd;
	pthread_t thread;
	http_accept_take_h *takeh;
	http_accept_shortage_h *shortageh;
	void *arg;
};

/*
 * Of the process. Numbers past the soft limit are out of everybody's reach; who raises it
 * for the time of an accept() gets one of them, and gives it back to no one else by
 * closing it.
 */
static struct {
	pthread_mutex_t lock;
	struct rlimit whole; /* rlim_cur 0: nothing is held back */
} spares = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void http_accept_hold_back(void)
{
	struct rlimit lim;

	pthread_mutex_lock(&spares.lock);
	if (!spares.whole.rlim_cur && !getrlimit(RLIMIT_NOFILE, &lim) &&
	    lim.rlim_cur > 2 * HTTP_ACCEPT_SPARES) {
		spares.whole = lim;
		lim.rlim_cur -= HTTP_ACCEPT_SPARES;
		if (setrlimit(RLIMIT_NOFILE, &lim))
			spares.whole.rlim_cur = 0;
	}
	pthread_mutex_unlock(&spares.lock);
}

static bool http_accept_is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

static int http_accept_next(const struct http_accept *a, struct sockaddr_storage *peer,
			    socklen_t *len)
{
	*len = sizeof(*peer);
	return accept4(a->fd, (struct sockaddr *)peer, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int http_accept_spare(const struct http_accept *a, struct sockaddr_storage *peer,
			     socklen_t *len)
{
	struct rlimit lim;
	int fd, err;

	pthread_mutex_lock(&spares.lock);
	lim = spares.whole;
	if (lim.rlim_cur)
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	fd = http_accept_next(a, peer, len);
	err = errno;
	lim.rlim_cur -= HTTP_ACCEPT_SPARES;
	if (spares.whole.rlim_cur)
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	pthread_mutex_unlock(&spares.lock);
	errno = err;
	return fd;
}

/* Returns false when there is no descriptor for a connection that waits. */
static bool http_accept_one(struct http_accept *a)
{
	struct sockaddr_storage peer;
	socklen_t len;
	int fd = http_accept_next(a, &peer, &len);

	if (fd < 0 && http_accept_is_shortage(errno))
		fd = http_accept_spare(a, &peer, &len);
	if (fd >= 0)
		a->takeh(fd, (const struct sockaddr *)&peer, len, a->arg);
	/* All else is the fate of one connection (accept(2)), which is gone. */
	return fd >= 0 || !http_accept_is_shortage(errno);
}

/*
 * Without a descriptor the socket is not listened to for a while: it would be ready all
 * the time. With less than all spares it is looked now and then whether there are some
 * again.
 */
static void *http_accept_run(void *arg)
{
	struct http_accept *a = arg;
	bool able = true;

	for (;;) {
		struct pollfd p[] = {{.fd = a->stop_fd, .events = POLLIN},
				     {.fd = able ? a->fd : -1, .events = POLLIN}};

		if (poll(p, 2, able ? -1 : RETRY_MS) < 0 && errno != EINTR)
			break;
		if (p[0].revents)
			break;
		if (!able || p[1].revents)
			able = http_accept_one(a);
		if (!able)
			a->shortageh(a->arg);
	}
	return NULL;
}

static void http_accept_free(struct http_accept *a)
{
	if (a->stop_fd >= 0)
		close(a->stop_fd);
	free(a);
}

static int http_accept_make_fds(struct http_accept *a)
{
	int flags = fcntl(a->fd, F_GETFL);

	a->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->stop_fd < 0 || flags < 0 || fcntl(a->fd, F_SETFL, flags | O_NONBLOCK))
		return errno;
	http_accept_hold_back();
	return 0;
}

int http_accept_start(struct http_accept **ap, int fd, http_accept_take_h *takeh,
		      http_accept_shortage_h *shortageh, void *arg)
{
	struct http_accept *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return ENOMEM;
	*a = (struct http_accept){
		.fd = fd, .takeh = takeh, .shortageh = shortageh, .arg = arg};
	err = http_accept_make_fds(a);
	if (!err)
		err = pthread_create(&a->thread, NULL, http_accept_run, a);
	if (!err) {
		*ap = a;
		return 0;
	}
	http_accept_free(a);
	return err;
}

void http_accept_stop(struct http_accept *a)
{
	if (!a)
		return;
	(void)eventfd_write(a->stop_fd, 1);
	pthread_join(a->thread, NULL);
	http_accept_free(a);
}

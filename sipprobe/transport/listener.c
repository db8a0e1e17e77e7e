#include "sipprobe/transport/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipprobe/transport/stream_private.h"

enum { ACCEPTS_PER_EVENT = 16 }; /* then other sockets have their turn */

struct listener {
	int fd;
	int spare_fd; /* held back to refuse connections without descriptors; or -1 */
	bool paused;
	struct sa local;
	struct tls_profile *tls;
	struct inbound *in;
};

static void accept_fd_h(int flags, void *arg);

static void listener_destructor(void *arg)
{
	struct listener *l = arg;

	if (l->fd >= 0) {
		fd_close(l->fd);
		close(l->fd);
	}
	if (l->spare_fd >= 0)
		close(l->spare_fd);
	mem_deref(l->tls);
	mem_deref(l->in);
}

static int spare_take(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int accept_one(struct listener *l, struct sa *peer)
{
	peer->len = sizeof(peer->u);
	return accept4(l->fd, &peer->u.sa, &peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void pause_listening(struct listener *l)
{
	fd_close(l->fd);
	l->paused = true;
}

/*
 * Refuses one waiting connection. Returns 0; EAGAIN if none waits, which the kernel does
 * not look at before it says that there is no descriptor; else errno.
 */
static int shed_one(struct listener *l)
{
	struct sa peer;
	int fd, err;

	if (l->spare_fd < 0)
		return EMFILE;
	close(l->spare_fd);
	fd = accept_one(l, &peer);
	err = fd < 0 ? errno : 0;
	if (fd >= 0)
		inbound_refuse(l->in, fd, &peer, ENGINE_STRAY_SHORTAGE);
	l->spare_fd = spare_take();
	return err;
}

static bool is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

/* Returns whether to try another. */
static bool accept_next(struct listener *l)
{
	struct sa peer;
	int fd = accept_one(l, &peer);
	int err = fd < 0 ? errno : 0;

	if (fd >= 0) {
		inbound_take(l->in, fd, &peer, l->tls);
		return true;
	}
	if (is_shortage(err))
		err = shed_one(l);
	if (err == EAGAIN)
		return false;
	/* All else is the fate of one connection (accept(2)), which is gone. */
	if (!is_shortage(err))
		return true;
	pause_listening(l);
	return false;
}

static void accept_fd_h(int flags, void *arg)
{
	struct listener *l = arg;

	(void)flags;
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++)
		if (!accept_next(l))
			return;
}

void listener_use(struct listener *l, struct tls_profile *tls)
{
	mem_ref(tls);
	mem_deref(l->tls);
	l->tls = tls;
}

void listener_run(struct listener *l)
{
	if (l->spare_fd < 0)
		l->spare_fd = spare_take();
	if (l->paused && l->spare_fd >= 0)
		l->paused = fd_listen(l->fd, FD_READ, accept_fd_h, l) != 0;
}

static int bind_and_listen(struct listener *l, const struct sa *laddr)
{
	int on = 1;
	int err;

	l->fd = socket(sa_af(laddr), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return errno;
	if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return errno;
	if (sa_af(laddr) == AF_INET6 &&
	    setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return errno;
	err = stream_socket_setup(l->fd);
	if (err)
		return err;
	if (bind(l->fd, &laddr->u.sa, laddr->len) || listen(l->fd, SOMAXCONN))
		return errno;
	err = stream_socket_share(l->fd);
	if (err)
		return err;
	l->local.len = sizeof(l->local.u);
	return getsockname(l->fd, &l->local.u.sa, &l->local.len) ? errno : 0;
}

int listener_alloc(struct listener **lp, const struct sa *laddr, struct tls_profile *tls,
		   struct inbound *in)
{
	struct listener *l = mem_zalloc(sizeof(*l), listener_destructor);
	int err;

	if (!l)
		return ENOMEM;
	l->tls = mem_ref(tls);
	l->in = mem_ref(in);
	l->spare_fd = spare_take();
	err = bind_and_listen(l, laddr);
	if (!err)
		err = fd_listen(l->fd, FD_READ, accept_fd_h, l);
	if (err)
		mem_deref(l);
	else
		*lp = l;
	return err;
}

const struct sa *listener_local(const struct listener *l)
{
	return &l->local;
}

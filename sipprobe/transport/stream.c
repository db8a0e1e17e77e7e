#include "sipprobe/transport/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/stream_private.h"

enum {
	READS_PER_EVENT = 4, /* then other sockets have their turn */
	CATCH_UP_EVENTS = 4, /* what a peer may have sent ahead of its answer */
};

static void stream_fd_h(int flags, void *arg);

bool stream_live(const struct stream *s)
{
	return s->state != STREAM_CLOSED && mem_nrefs(s) > 1;
}

static void stream_turn_leave(struct stream *s)
{
	turns_leave(&s->waiter);
	s->waits = false;
}

static void socket_close(struct stream *s)
{
	if (s->fd < 0)
		return;
	stream_turn_leave(s);
	fd_close(s->fd);
	close(s->fd);
	s->fd = -1;
}

static void stream_destructor(void *arg)
{
	struct stream *s = arg;

	stream_loans_end(s);
	if (s->layer)
		s->layer->bye_h(s);
	if (s->ssl && s->state >= STREAM_UPGRADE && s->state <= STREAM_UP)
		stream_tls_bye(s);
	socket_close(s);
	mem_deref(s->layer_data);
	SSL_free(s->ssl);
	mem_deref(s->tls);
	mem_deref(s->turns);
	mem_deref(s->account);
	mem_deref(s->mark.proven);
	bytes_clear(&s->out);
	stream_partial_free(s);
}

void stream_end(struct stream *s, enum probe_outcome why, int err, const char *detail)
{
	if (!stream_live(s))
		return;
	s->state = STREAM_CLOSED;
	stream_loans_end(s);
	socket_close(s);
	s->events->closed_h(s, why, err, detail, s->arg);
}

/* Asks the loop for what is wanted now, if that changed. Returns 0 or errno. */
static int stream_poll(struct stream *s)
{
	int flags = s->want_write ? FD_READ | FD_WRITE : FD_READ;
	int err = 0;

	if (s->waits)
		flags = 0;
	if (s->polled == flags)
		return 0;
	if (flags)
		err = fd_listen(s->fd, flags, stream_fd_h, s);
	else
		fd_close(s->fd);
	if (!err)
		s->polled = flags;
	return err;
}

static int poll_for(struct stream *s, bool want_write)
{
	s->want_write = want_write;
	return stream_poll(s);
}

static void local_refresh(struct stream *s)
{
	s->local.len = sizeof(s->local.u);
	if (getsockname(s->fd, &s->local.u.sa, &s->local.len))
		sa_init(&s->local, AF_UNSPEC);
}

void stream_is_up(struct stream *s)
{
	if (s->layer && s->state != STREAM_UPGRADE) {
		s->state = STREAM_UPGRADE;
		s->layer->begin_h(s);
		return;
	}
	s->state = STREAM_UP;
	s->events->up_h(s, s->arg);
}

static void stream_established(struct stream *s)
{
	int64_t now_ns = clock_monotonic_ns();
	int err = poll_for(s, false);

	if (err) {
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
		return;
	}
	local_refresh(s);
	if (!s->accepted)
		s->report.connect_ns = now_ns - s->begun_ns;
	s->begun_ns = now_ns;
	if (s->ssl)
		stream_tls_start(s);
	else
		stream_is_up(s);
}

static void connect_progress(struct stream *s)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err) {
		stream_end(s, stream_outcome_of(err), err, strerror(err));
		return;
	}
	/* An event of the descriptor's former owner may arrive here: nothing is known. */
	len = sizeof(peer);
	if (getpeername(s->fd, (struct sockaddr *)&peer, &len))
		return;
	stream_established(s);
}

void stream_left(struct stream *s, int err)
{
	enum probe_outcome why =
		s->state == STREAM_UPGRADE ? PROBE_WEBSOCKET : PROBE_CONNECT;

	if (s->ssl)
		stream_tls_left(s);
	if (!err)
		stream_end(s, why, 0, "connection closed by the peer");
	else if (err == ECONNRESET || err == EPIPE)
		stream_end(s, why, err, "connection reset by the peer");
	else
		stream_end(s, PROBE_CONNECT, err, strerror(err));
}

/* The connection is gone; @err: 0 for an orderly close. */
static void stream_lost(struct stream *s, int err)
{
	if (!err && s->broken)
		err = ECONNRESET;
	if (s->state == STREAM_HANDSHAKE)
		stream_tls_lost(s, err);
	else
		stream_left(s, err);
}

/* Returns how much was read; 0: nothing, or it has ended. */
static size_t read_once(struct stream *s, char *chunk, size_t size)
{
	int64_t rx_ns;
	ssize_t n = stream_socket_read(s->fd, chunk, size, &s->stamps, &rx_ns);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0) {
		stream_lost(s, n ? errno : 0);
		return 0;
	}
	s->rx_ns = rx_ns;
	if (s->ssl)
		stream_tls_input(s, chunk, (size_t)n, rx_ns);
	else
		stream_feed(s, chunk, (size_t)n, rx_ns);
	return (size_t)n;
}

static bool read_ready(struct stream *s)
{
	char chunk[STREAM_CHUNK];
	size_t size = s->ssl ? STREAM_TLS_CHUNK : sizeof(chunk);
	size_t n = size;

	for (int i = 0; i < READS_PER_EVENT && n == size && stream_live(s); i++)
		n = read_once(s, chunk, size);
	return n == size && stream_live(s);
}

static void write_ready(struct stream *s)
{
	ssize_t n = 0;
	int err;

	if (s->out.len)
		n = send(s->fd, s->out.p, s->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n < 0)
		s->broken = true;
	if (s->out.len)
		bytes_drop(&s->out, s->broken ? s->out.len : (size_t)n);
	if (s->out.len)
		return;
	err = poll_for(s, false);
	if (err)
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
}

/* Does what the loop or the queue of turns has seen. Returns whether there may be more.
 */
static bool stream_work(struct stream *s, int flags)
{
	if (s->state == STREAM_CONNECTING) {
		connect_progress(s);
		return false;
	}
	if (flags & FD_WRITE)
		write_ready(s);
	return (flags & (FD_READ | FD_EXCEPT)) && stream_live(s) && read_ready(s);
}

/* Works off an event, and counts how long that took. Returns as stream_work(). */
static bool stream_spend(struct stream *s, int flags)
{
	struct turns_account *account = mem_ref(s->account);
	int64_t begun_ns;
	bool more;

	if (!account)
		return stream_work(s, flags);
	begun_ns = turns_cpu_ns();
	more = stream_work(s, flags);
	turns_charge(account, clock_monotonic_ns(), turns_cpu_ns() - begun_ns);
	mem_deref(account);
	return more;
}

/* Returns whether it is to wait now. */
static bool stream_turn_wait(struct stream *s)
{
	if (!s->turns || turns_left(s->account, clock_monotonic_ns()))
		return false;
	s->waits = true;
	(void)stream_poll(s);
	turns_wait(s->turns, &s->waiter);
	return true;
}

static void stream_fd_h(int flags, void *arg)
{
	/* Holds the stream during the event, whatever its owner does meanwhile. */
	struct stream *s = mem_ref(arg);

	if (!stream_turn_wait(s))
		(void)stream_spend(s, flags);
	mem_deref(s);
}

static int stream_all_flags(const struct stream *s)
{
	return s->want_write ? FD_READ | FD_WRITE : FD_READ;
}

/* Where there is nothing to read, the socket says so. */
static void stream_turn_h(void *arg)
{
	struct stream *s = mem_ref(arg);
	int err;

	s->waits = false;
	err = stream_poll(s);
	if (err)
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
	else
		(void)stream_spend(s, stream_all_flags(s));
	mem_deref(s);
}

void stream_share(struct stream *s, struct turns *turns, struct turns_account *account)
{
	stream_turn_leave(s);
	mem_ref(turns);
	mem_ref(account);
	mem_deref(s->turns);
	mem_deref(s->account);
	s->turns = turns;
	s->account = account;
	s->waiter.h = stream_turn_h;
	s->waiter.arg = s;
	(void)stream_poll(s);
}

void stream_catch_up(struct stream *s)
{
	bool more = true;

	mem_ref(s);
	for (int i = 0; i < CATCH_UP_EVENTS && more && s->fd >= 0; i++)
		more = stream_spend(s, stream_all_flags(s));
	mem_deref(s);
}

static int stream_queue(struct stream *s, const char *buf, size_t len)
{
	int err;

	if (!len)
		return 0;
	/* TLS adds to what stream_send() admits, and answers on its own. */
	if (s->out.len + len > 2 * STREAM_QUEUE_MAX)
		return ENOBUFS;
	err = bytes_append(&s->out, buf, len);
	return err ? err : poll_for(s, true);
}

int stream_put(struct stream *s, const char *buf, size_t len, int64_t *sent_ns)
{
	struct clock_pair now = clock_look();
	ssize_t n = 0;
	int err;

	/* What answers this comes later, whatever sets the wall clock meanwhile. */
	clock_stamps_read(&s->stamps, &now, true);
	if (s->broken)
		n = (ssize_t)len;
	else if (!s->out.len)
		n = stream_socket_send(s->fd, buf, len, &s->broken);
	if (n < 0)
		return (int)-n;
	err = stream_queue(s, buf + n, len - (size_t)n);
	if (!err && sent_ns)
		*sent_ns = now.now_ns;
	return err;
}

int stream_put_plain(struct stream *s, const char *buf, size_t len, int64_t *sent_ns)
{
	return s->ssl ? stream_tls_send(s, buf, len, sent_ns)
		      : stream_put(s, buf, len, sent_ns);
}

static int stream_alloc(struct stream **sp, int fd, struct tls_profile *tls,
			const char *name, const struct stream_events *events, void *arg)
{
	struct stream *s = mem_zalloc(sizeof(*s), stream_destructor);
	int err;

	if (!s) {
		close(fd);
		return ENOMEM;
	}
	s->fd = fd;
	s->events = events;
	s->arg = arg;
	s->report.connect_ns = -1;
	s->report.tls_ns = -1;
	s->report.websocket_ns = -1;
	s->stamps = clock_stamps_begin();
	s->begun_ns = s->rx_ns = s->stamps.since_ns;
	sa_init(&s->local, AF_UNSPEC);
	err = stream_socket_setup(fd);
	if (!err && tls) {
		s->tls = mem_ref(tls);
		err = stream_tls_alloc(s, name);
	}
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

int stream_connect(struct stream **sp, const struct sa *peer,
		   const struct stream_way *way, struct tls_profile *tls,
		   const char *name, const struct stream_events *events, void *arg)
{
	int fd = socket(sa_af(peer), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stream *s;
	int err;

	if (fd < 0)
		return errno;
	err = stream_alloc(&s, fd, tls, name, events, arg);
	if (err)
		return err;
	s->peer = *peer;
	s->begun_ns = clock_monotonic_ns();
	err = stream_socket_connect(fd, peer, way);
	if (!err)
		err = poll_for(s, true);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

int stream_accept(struct stream **sp, int fd, struct tls_profile *tls,
		  const struct stream_events *events, void *arg)
{
	struct stream *s;
	int err = stream_alloc(&s, fd, tls, NULL, events, arg);

	if (err)
		return err;
	s->accepted = true;
	s->peer.len = sizeof(s->peer.u);
	if (getpeername(fd, &s->peer.u.sa, &s->peer.len) ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		err = errno;
	stream_peer_normalise(&s->peer);
	if (!err)
		err = poll_for(s, true);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

#include "sipprobe/transport/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/stream_private.h"

static const char closed_by_peer[] = "connection closed by the peer";
static const char reset_by_peer[] = "connection reset by the peer";

enum { READS_PER_EVENT = 4 }; /* then other sockets have their turn */

static void stream_fd_h(int flags, void *arg);

bool stream_live(const struct stream *s)
{
	return s->state != STREAM_CLOSED && mem_nrefs(s) > 1;
}

static void socket_close(struct stream *s)
{
	if (s->fd < 0)
		return;
	fd_close(s->fd);
	close(s->fd);
	s->fd = -1;
}

static void stream_destructor(void *arg)
{
	struct stream *s = arg;

	stream_loans_end(s);
	if (s->ssl && s->state == STREAM_UP)
		stream_tls_bye(s);
	socket_close(s);
	SSL_free(s->ssl);
	mem_deref(s->tls);
	mem_deref(s->mark.proven);
	mem_deref(s->out.p);
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

/* Asks the loop for what is wanted now, if that changed. */
static int poll_for(struct stream *s, bool want_write)
{
	int err;

	if (s->want_write == want_write)
		return 0;
	err = fd_listen(s->fd, want_write ? FD_READ | FD_WRITE : FD_READ, stream_fd_h, s);
	if (!err)
		s->want_write = want_write;
	return err;
}

static void local_refresh(struct stream *s)
{
	s->local.len = sizeof(s->local.u);
	if (getsockname(s->fd, &s->local.u.sa, &s->local.len))
		sa_init(&s->local, AF_UNSPEC);
}

void stream_is_up(struct stream *s)
{
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

/* The connection is gone; @err: 0 for an orderly close. */
static void stream_lost(struct stream *s, int err)
{
	if (!err && s->broken)
		err = ECONNRESET;
	if (s->state == STREAM_HANDSHAKE)
		stream_tls_lost(s, err);
	else if (!err)
		stream_end(s, PROBE_CONNECT, 0, closed_by_peer);
	else if (err == ECONNRESET || err == EPIPE)
		stream_end(s, PROBE_CONNECT, err, reset_by_peer);
	else
		stream_end(s, PROBE_CONNECT, err, strerror(err));
}

static void read_ready(struct stream *s)
{
	char chunk[STREAM_CHUNK];
	ssize_t n = sizeof(chunk);

	for (int i = 0; i < READS_PER_EVENT && n == sizeof(chunk) && stream_live(s);
	     i++) {
		int64_t rx_ns;

		n = stream_socket_read(s->fd, chunk, sizeof(chunk), &s->stamps, &rx_ns);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			stream_lost(s, n ? errno : 0);
			return;
		}
		s->rx_ns = rx_ns;
		if (s->ssl)
			stream_tls_input(s, chunk, (size_t)n, rx_ns);
		else
			stream_feed(s, chunk, (size_t)n, rx_ns);
	}
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
		stream_bytes_drop(&s->out, s->broken ? s->out.len : (size_t)n);
	if (s->out.len)
		return;
	err = poll_for(s, false);
	if (err)
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
}

static void stream_fd_h(int flags, void *arg)
{
	/* Holds the stream during the event, whatever its owner does meanwhile. */
	struct stream *s = mem_ref(arg);

	if (s->state == STREAM_CONNECTING) {
		connect_progress(s);
	} else {
		if (flags & FD_WRITE)
			write_ready(s);
		if ((flags & (FD_READ | FD_EXCEPT)) && stream_live(s))
			read_ready(s);
	}
	mem_deref(s);
}

void stream_catch_up(struct stream *s)
{
	/* Where there is nothing, the socket says so. */
	if (s->fd >= 0)
		stream_fd_h(s->want_write ? FD_READ | FD_WRITE : FD_READ, s);
}

static int stream_queue(struct stream *s, const char *buf, size_t len)
{
	int err;

	if (!len)
		return 0;
	/* TLS adds to what stream_send() admits, and answers on its own. */
	if (s->out.len + len > 2 * STREAM_QUEUE_MAX)
		return ENOBUFS;
	err = stream_bytes_append(&s->out, buf, len);
	return err ? err : poll_for(s, true);
}

/* Returns how much the socket took, or a negative errno. */
static ssize_t send_now(struct stream *s, const char *buf, size_t len)
{
	ssize_t n = send(s->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return n;
	switch (errno) {
	case EAGAIN:
	case EINTR:
		return 0;
	case EPIPE:
	case ECONNRESET:
		s->broken = true;
		return (ssize_t)len;
	default:
		return -errno;
	}
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
		n = send_now(s, buf, len);
	if (n < 0)
		return (int)-n;
	err = stream_queue(s, buf + n, len - (size_t)n);
	if (!err && sent_ns)
		*sent_ns = now.now_ns;
	return err;
}

int stream_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns)
{
	if (s->state != STREAM_UP)
		return ENOTCONN;
	if (s->out.len + len > STREAM_QUEUE_MAX)
		return ENOBUFS;
	if (s->ssl)
		return stream_tls_send(s, buf, len, sent_ns);
	return stream_put(s, buf, len, sent_ns);
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

/* From a port that was asked for there can be but one connection to a peer. */
static int connect_error(const struct stream_way *way, int err)
{
	bool port = way && way->local && sa_port(way->local);

	return port && err == EADDRNOTAVAIL ? EADDRINUSE : err;
}

static int connect_begin(struct stream *s, const struct stream_way *way)
{
	int err = way && way->local ? stream_socket_bind(s->fd, way->local) : 0;

	if (!err && way && way->dscp)
		err = stream_socket_dscp(s->fd, sa_af(&s->peer), way->dscp);

	if (err)
		return err;
	s->begun_ns = clock_monotonic_ns();
	if (connect(s->fd, &s->peer.u.sa, s->peer.len) && errno != EINPROGRESS)
		return connect_error(way, errno);
	return poll_for(s, true);
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
	err = connect_begin(s, way);
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

const struct sa *stream_local(const struct stream *s)
{
	return &s->local;
}

const struct sa *stream_peer(const struct stream *s)
{
	return &s->peer;
}

const struct stream_report *stream_report(const struct stream *s)
{
	return &s->report;
}

bool stream_certificate(const struct stream *s, struct engine_certificate *out)
{
	return s->ssl && tls_peer_certificate(s->ssl, out);
}

int stream_chain(const struct stream *s, struct chain **cp)
{
	return s->ssl ? tls_peer_chain(cp, s->ssl) : ENOENT;
}

void stream_rehearse(const struct stream *s, const struct tls_rehearsal *r,
		     struct rehearsal *out)
{
	*out = (struct rehearsal){0};
	if (s->ssl)
		tls_rehearse(out, r, s->ssl);
}

bool stream_is_overdue(const struct stream *s)
{
	return s->fd >= 0 && stream_socket_is_overdue(s->fd);
}

int64_t stream_rx_ns(const struct stream *s)
{
	return s->rx_ns;
}

bool stream_proves(const struct stream *s, const char *name)
{
	return s->ssl && s->state == STREAM_UP && tls_peer_proves(s->ssl, name);
}

bool stream_verified(const struct stream *s)
{
	return s->ssl && s->state == STREAM_UP && tls_peer_verified(s->ssl);
}

bool stream_is_tls(const struct stream *s)
{
	return s->ssl != NULL;
}

bool stream_accepted(const struct stream *s)
{
	return s->accepted;
}

struct stream_mark *stream_mark(struct stream *s)
{
	return &s->mark;
}

#include "tests/simulation/kernel/pipes_private.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/callers.h"
#include "tests/simulation/calls/phones.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/secure.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"
#include "tests/simulation/kernel/world.h"

struct pipes_counts pipes_counts;

void pipe_let_go(struct pipe *s)
{
	if (--s->refs)
		return;
	secure_free(s->secure);
	memory_free(s);
}

void pipes_hold(struct pipe *s)
{
	s->refs++;
}

static int pipes_ready(void *thing)
{
	const struct pipe *s = thing;

	if (s->state == FAILED)
		return FD_READ | FD_WRITE | FD_EXCEPT;
	if (s->state == LISTENING)
		return s->waiting ? FD_READ : 0;
	if (s->state != UP)
		return 0;
	return (s->first || s->ended ? FD_READ : 0) | (s->full ? 0 : FD_WRITE);
}

void segment_free(struct segment *g)
{
	memory_free(g->packet);
	memory_free(g);
}

static void pipes_close(void *thing)
{
	struct pipe *s = thing;
	struct segment *g;

	while ((g = s->first)) {
		s->first = g->next;
		segment_free(g);
	}
	s->closed = true;
	doors_forget(s);
	pipe_let_go(s);
}

const struct fd_kind pipes_kind = {pipes_ready, pipes_close};

struct pipe *pipe_make(int af)
{
	struct pipe *s = memory_get(sizeof(*s));

	s->socket.kind = &pipes_kind;
	sa_init(&s->socket.local, af);
	s->refs = 1;
	s->last = &s->first;
	s->out_last = &s->out;
	s->socket.fd = fds_open(&pipes_kind, s);
	if (s->socket.fd < 0) {
		memory_free(s);
		return NULL;
	}
	return s;
}

int pipes_socket(int af)
{
	const struct pipe *s = pipe_make(af);

	return s ? s->socket.fd : -1;
}

void pipe_fail(struct pipe *s, int err)
{
	if (s->closed || s->state == FAILED)
		return;
	s->state = FAILED;
	s->err = err;
	trace(s->peer->trunk, "connection fails:", strerror(err), " errno ", err);
	if (!s->accepted)
		witness_broken(s->peer);
	fds_touch(s->socket.fd);
}

/* --- the handshake --- */

bool pipe_is_away(const struct peer *p)
{
	return p->mode == PEER_SILENT;
}

static void pipe_connected_h(void *arg)
{
	struct pipe *s = arg;

	if (!s->closed && s->peer->mode == PEER_REFUSES) {
		pipes_counts.refused++;
		pipe_fail(s, ECONNREFUSED);
	} else if (!s->closed) {
		s->state = UP;
		if (s->peer->trunk->tls)
			s->secure = secure_make(s->peer);
		pipes_counts.connections++;
		trace(s->peer->trunk, "connected", "", " from port ",
		      sa_port(&s->socket.local));
		fds_touch(s->socket.fd);
	}
	pipe_let_go(s);
}

/* A SYN that is lost goes out again, after 1, 2, 4 s. */
static void pipe_syn_h(void *arg)
{
	struct pipe *s = arg;

	if (s->closed) {
		pipe_let_go(s);
	} else if (pipe_is_away(s->peer) || net_loses(&s->peer->link)) {
		pipes_counts.lost++;
		if (s->retried == PIPES_TRIES_MAX) {
			pipe_fail(s, ETIMEDOUT);
			pipe_let_go(s);
			return;
		}
		world_in((int64_t)PIPES_SYN_RTO_MS * WORLD_MS << s->retried++, pipe_syn_h,
			 s);
	} else {
		s->retried = 0;
		s->epoch = s->peer->epoch;
		world_in(2 * net_way_ns(&s->peer->link), pipe_connected_h, s);
	}
}

int pipes_connect(int fd)
{
	struct pipe *s = fds_get(fd, &pipes_kind);

	s->peer = fleet_peer(&s->socket.peer);
	if (!s->peer) {
		errno = ENETUNREACH;
		return -1;
	}
	sockets_own(&s->socket.local, sa_af(&s->socket.peer), sockets_port());
	s->state = CONNECTING;
	s->refs++;
	world_note((uint64_t)world_now_ns() ^ sa_port(&s->socket.local));
	pipe_syn_h(s);
	errno = EINPROGRESS;
	return -1;
}

struct pipe *pipes_at(int fd)
{
	return fds_get(fd, &pipes_kind);
}

struct peer *pipes_peer(const struct pipe *s)
{
	return s->peer;
}

const struct sa *pipes_local(const struct pipe *s)
{
	return &s->socket.local;
}

bool pipes_connected(int fd)
{
	const struct pipe *s = fds_get(fd, &pipes_kind);

	return s && s->state == UP;
}

int pipes_ask_option(int fd, int level, int name, void *p, socklen_t *len)
{
	struct pipe *s = fds_get(fd, &pipes_kind);

	if (!s)
		return -1;
	memset(p, 0, *len);
	if (level == SOL_SOCKET && name == SO_ERROR) {
		*(int *)p = s->err;
		s->err = 0;
	} else if (level == IPPROTO_TCP && name == TCP_INFO) {
		struct tcp_info *info = p;

		info->tcpi_unacked = s->unacked;
		info->tcpi_retransmits = (uint8_t)s->retried;
	}
	return 0;
}

/* --- bytes --- */

static void pipe_room_h(void *arg)
{
	struct pipe *s = arg;

	s->full = false;
	if (!s->closed)
		fds_touch(s->socket.fd);
	pipe_let_go(s);
}

/* How much of it is taken: now and then a part, or nothing. */
static size_t pipe_takes(struct pipe *s, size_t n)
{
	uint64_t *stream = &s->peer->link.stream;
	size_t takes = n;

	if (s->full)
		return 0;
	if (!chance_of(stream, 50000))
		return n;
	takes = chance_below(stream, n);
	s->full = true;
	s->refs++;
	pipes_counts.cut++;
	world_in(chance_between(stream, 1, PIPES_FULL_NS / WORLD_MS) * WORLD_MS,
		 pipe_room_h, s);
	return takes;
}

static void pipe_out(struct pipe *s, const char *buf, size_t len)
{
	struct segment *g = memory_get(sizeof(*g) + len);

	g->pipe = s;
	g->len = len;
	g->stamp_ns = world_now_ns() + net_way_ns(&s->peer->link);
	memcpy(g->buf, buf, len);
	s->refs++;
	s->unacked++;
	pipes_counts.segments++;
	if (!s->out)
		world_at(g->stamp_ns, pipe_hear_h, s);
	*s->out_last = g;
	s->out_last = &g->next;
}

static void pipe_witness_message(const struct sa *local, struct peer *peer,
				 const char *buf, size_t len, bool behind)
{
	struct packet *p = memory_get(sizeof(*p));

	if (!net_is_cut_off() && net_read(p, local, peer, buf, len) &&
	    (p->dials || p->registers || !strncmp(buf, "OPTIONS ", 8))) {
		p->behind = behind;
		trace(peer->trunk, "sends",
		      p->dials	     ? phones_word(p->text)
		      : p->registers ? "REGISTER"
				     : "OPTIONS",
		      peer->trunk->tls ? " over TLS to peer " : " over TCP to peer ",
		      peer->index);
		witness_sent(p, true);
	}
	memory_free(p);
}

/* The length of the message at @buf, of which all may not be there. */
static size_t pipe_message_len(const char *buf, size_t len)
{
	const char *end = memmem(buf, len, "\r\n\r\n", 4);
	char head[PIPES_REQUEST], value[16];
	size_t n = end ? (size_t)(end + 4 - buf) : len;

	if (len > 2 && !memcmp(buf, "\r\n", 2))
		return 2; /* a keep-alive */
	if (!end || n >= sizeof(head))
		return len;
	memcpy(head, buf, n);
	head[n] = '\0';
	if (net_field(value, sizeof(value), head, "Content-Length"))
		n += strtoul(value, NULL, 10);
	return n < len ? n : len;
}

void pipes_witness(const struct sa *local, struct peer *peer, const char *buf, size_t len,
		   bool behind)
{
	for (size_t n; len; buf += n, len -= n) {
		n = pipe_message_len(buf, len);
		pipe_witness_message(local, peer, buf, n, behind);
	}
}

/* What it tries to send for the first time: whole messages, after what has no room yet.
 */
static void pipe_witness_new(struct pipe *s, const char *buf, size_t len)
{
	size_t known = (size_t)(s->seen - s->taken);

	if (known >= len)
		return;
	s->seen = s->taken + len;
	pipes_witness(&s->socket.local, s->peer, buf + known, len - known, known > 0);
}

ssize_t __wrap_send(int fd, const void *buf, size_t n, int flags)
{
	struct pipe *s = fds_get(fd, &pipes_kind);
	size_t takes;

	(void)flags;
	secure_sends(fd);
	world_call();
	if (!s || s->state != UP) {
		errno = s && s->state == FAILED ? EPIPE : ENOTCONN;
		return -1;
	}
	world_leave();
	if (!s->secure && !s->accepted)
		pipe_witness_new(s, buf, n);
	takes = net_is_cut_off() ? n : pipe_takes(s, n);
	if (net_is_cut_off()) {
		world_return();
		return (ssize_t)n;
	}
	if (takes && s->accepted && s->peer->trunk && !strncmp(buf, "SIP/2.0 ", 8))
		callers_charge(s->peer->trunk);
	if (takes)
		pipe_out(s, buf, takes);
	s->taken += takes;
	if (s->seen < s->taken)
		s->seen = s->taken;
	world_return();
	if (!takes)
		errno = EAGAIN;
	return takes ? (ssize_t)takes : -1;
}

/* Several segments in one read, with the stamp of the last. */
static size_t pipe_read(struct pipe *s, char *buf, size_t size, int64_t *stamp_ns)
{
	size_t done = 0;

	while (s->first && done < size) {
		struct segment *g = s->first;
		size_t n = g->len - g->at < size - done ? g->len - g->at : size - done;

		memcpy(buf + done, g->buf + g->at, n);
		done += n;
		g->at += n;
		*stamp_ns = g->stamp_ns;
		if (g->at < g->len)
			break;
		s->first = g->next;
		segment_free(g);
	}
	if (!s->first)
		s->last = &s->first;
	return done;
}

ssize_t pipes_receive(int fd, struct msghdr *h)
{
	struct pipe *s = fds_get(fd, &pipes_kind);
	struct timespec stamps[3] = {{0}};
	int64_t stamp_ns = 0;
	size_t n;

	if (!s)
		return -1;
	n = pipe_read(s, h->msg_iov[0].iov_base, h->msg_iov[0].iov_len, &stamp_ns);
	if (n) {
		stamps[0] = (struct timespec){.tv_sec = stamp_ns / WORLD_S,
					      .tv_nsec = stamp_ns % WORLD_S};
		sockets_control(h, SOL_SOCKET, SO_TIMESTAMPING, stamps, sizeof(stamps));
		return (ssize_t)n;
	}
	if (s->ended)
		return 0;
	errno = EAGAIN;
	if (s->state == FAILED) {
		errno = s->err ? s->err : EPIPE;
		s->err = 0;
	} else if (s->state != UP) {
		errno = ENOTCONN;
	}
	return -1;
}

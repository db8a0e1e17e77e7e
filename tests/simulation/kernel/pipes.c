#include "tests/simulation/kernel/pipes.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <string.h>

#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/peers.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"
#include "tests/simulation/kernel/world.h"

enum {
	RTO_MS = 200,
	SYN_RTO_MS = 1000,
	TRIES_MAX = 8,
	SEGMENTS_MAX = 4, /* that a message is cut into */
};

enum pipe_state { FRESH, CONNECTING, UP, FAILED };

/* Bytes on their way, or in the socket. */
struct segment {
	struct segment *next;
	struct pipe *pipe;
	struct packet *packet; /* its last byte is of this answer; or NULL */
	int64_t stamp_ns; /* of the socket; of one that leaves: when it arrives at best */
	unsigned tries;
	size_t at, len;
	char buf[];
};

struct pipe {
	struct socket socket;
	struct peer *peer;
	unsigned refs; /* the descriptor's, and one for each event */
	enum pipe_state state;
	int err;	/* of SO_ERROR, or of the next read */
	bool closed;	/* by the process */
	bool ended;	/* FIN came */
	bool full;	/* takes no bytes for a while */
	bool forgotten; /* by the peer */
	unsigned epoch; /* of the peer, when it was made */
	unsigned unacked, retried;
	int64_t in_ns;			 /* when the last segment arrives */
	struct segment *first, **last;	 /* in the socket */
	struct segment *out, **out_last; /* on their way; the first one moves */
	char request[2 * NET_TEXT];	 /* what the peer has of one */
	size_t request_len;
};

struct pipes_counts pipes_counts;

static void pipe_let_go(struct pipe *s)
{
	if (!--s->refs)
		memory_free(s);
}

static int pipes_ready(void *thing)
{
	const struct pipe *s = thing;

	if (s->state == FAILED)
		return FD_READ | FD_WRITE | FD_EXCEPT;
	if (s->state != UP)
		return 0;
	return (s->first || s->ended ? FD_READ : 0) | (s->full ? 0 : FD_WRITE);
}

static void segment_free(struct segment *g)
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
	pipe_let_go(s);
}

const struct fd_kind pipes_kind = {pipes_ready, pipes_close};

int pipes_socket(int af)
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
		return -1;
	}
	return s->socket.fd;
}

static void pipe_fail(struct pipe *s, int err)
{
	if (s->closed || s->state == FAILED)
		return;
	s->state = FAILED;
	s->err = err;
	trace(s->peer->trunk, "connection fails:", strerror(err), " errno ", err);
	witness_broken(s->peer);
	fds_touch(s->socket.fd);
}

/* --- the handshake --- */

static bool pipe_is_away(const struct peer *p)
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
		if (s->retried == TRIES_MAX) {
			pipe_fail(s, ETIMEDOUT);
			pipe_let_go(s);
			return;
		}
		world_in((int64_t)SYN_RTO_MS * WORLD_MS << s->retried++, pipe_syn_h, s);
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

/* --- from the peer --- */

static void pipe_arrive_h(void *arg)
{
	struct segment *g = arg;
	struct pipe *s = g->pipe;

	if (s->closed || s->state != UP) {
		segment_free(g);
		pipe_let_go(s);
		return;
	}
	g->stamp_ns = world_wall_ns();
	world_note((uint64_t)world_now_ns() ^ g->len);
	if (!g->len)
		s->ended = true;
	if (!g->len)
		witness_broken(s->peer);
	if (g->packet) {
		trace(s->peer->trunk, "an answer", " is there", " ", g->packet->code);
		witness_arrived(g->packet);
	}
	if (g->len) {
		*s->last = g;
		s->last = &g->next;
	} else {
		trace(s->peer->trunk, "FIN comes", "", "", 0);
		segment_free(g);
	}
	fds_touch(s->socket.fd);
	pipe_let_go(s);
}

/* In order: none before the one before it. A lost one is late by its timer. */
static void pipe_back(struct pipe *s, const char *buf, size_t len, struct packet *p)
{
	struct segment *g = memory_get(sizeof(*g) + len);
	int64_t at_ns = world_now_ns() + net_way_ns(&s->peer->link);

	for (unsigned i = 0; i < TRIES_MAX && net_loses(&s->peer->link); i++) {
		at_ns += (int64_t)RTO_MS * WORLD_MS << i;
		pipes_counts.lost++;
	}
	g->pipe = s;
	g->packet = p;
	g->len = len;
	memcpy(g->buf, buf, len);
	s->refs++;
	s->in_ns = at_ns > s->in_ns ? at_ns : s->in_ns + 1;
	pipes_counts.segments++;
	world_at(s->in_ns, pipe_arrive_h, g);
}

void pipes_answer(struct packet *p)
{
	struct pipe *s = p->pipe;
	uint64_t *stream = &s->peer->link.stream;
	unsigned pieces = (unsigned)chance_between(stream, 1, SEGMENTS_MAX);
	size_t done = 0, len = p->len;

	for (; pieces > 1 && done < len; pieces--) {
		size_t n = chance_below(stream, len - done);

		if (!n)
			continue;
		pipe_back(s, p->text + done, n, NULL);
		pipes_counts.cut++;
		done += n;
	}
	p->pipe = NULL;
	pipe_back(s, p->text + done, len - done, p);
	if (chance_of(stream, 50000)) {
		pipes_counts.closed++;
		pipe_back(s, "", 0, NULL);
	}
	pipe_let_go(s);
}

/* --- to the peer --- */

static void pipe_reset_h(void *arg)
{
	struct pipe *s = arg;

	pipes_counts.resets++;
	pipe_fail(s, ECONNRESET);
	pipe_let_go(s);
}

/* What the peer has of requests by now. */
static void pipe_requests(struct pipe *s)
{
	char *end;

	while ((end = memmem(s->request, s->request_len, "\r\n\r\n", 4))) {
		size_t len = (size_t)(end - s->request) + 4;
		struct packet *p = memory_get(sizeof(*p));

		if (net_read(p, &s->socket.local, s->peer, s->request, len)) {
			p->pipe = s;
			s->refs++;
			peers_hear(p);
		} else {
			memory_free(p);
		}
		s->request_len -= len;
		memmove(s->request, s->request + len, s->request_len);
	}
}

/* A peer that was away may know nothing of the connection. */
static bool pipe_is_forgotten(struct pipe *s)
{
	if (s->epoch != s->peer->epoch) {
		s->epoch = s->peer->epoch;
		s->forgotten |= chance_of(&s->peer->link.stream, 500000);
	}
	return s->forgotten || s->peer->mode == PEER_REFUSES;
}

static void pipe_heard(struct pipe *s, const struct segment *g)
{
	s->unacked--;
	s->retried = 0;
	if (pipe_is_forgotten(s)) {
		s->refs++;
		world_in(net_way_ns(&s->peer->link), pipe_reset_h, s);
	} else if (s->request_len + g->len <= sizeof(s->request)) {
		memcpy(s->request + s->request_len, g->buf, g->len);
		s->request_len += g->len;
		pipe_requests(s);
	}
}

/* One after the other: what follows a lost one waits with it. */
static void pipe_hear_h(void *arg)
{
	struct pipe *s = arg;
	struct segment *g = s->out;
	bool lives = !s->closed && s->state == UP && g->tries < TRIES_MAX;

	if (lives && (pipe_is_away(s->peer) || net_loses(&s->peer->link))) {
		s->retried++;
		pipes_counts.lost++;
		world_in((int64_t)RTO_MS * WORLD_MS << g->tries++, pipe_hear_h, s);
		return;
	}
	s->out = g->next;
	if (s->out)
		world_at(s->out->stamp_ns, pipe_hear_h, s);
	else
		s->out_last = &s->out;
	if (lives)
		pipe_heard(s, g);
	segment_free(g);
	pipe_let_go(s);
}

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
	world_in(chance_between(stream, 1, 20) * WORLD_MS, pipe_room_h, s);
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

static void pipe_witness(struct pipe *s, const char *buf, size_t len)
{
	struct packet *p = memory_get(sizeof(*p));

	if ((!strncmp(buf, "OPTIONS ", 8) || !strncmp(buf, "REGISTER ", 9)) &&
	    net_read(p, &s->socket.local, s->peer, buf, len)) {
		trace(s->peer->trunk, "sends", p->registers ? "REGISTER" : "OPTIONS",
		      " over TCP to peer ", s->peer->index);
		witness_sent(p, true);
	}
	memory_free(p);
}

ssize_t __wrap_send(int fd, const void *buf, size_t n, int flags)
{
	struct pipe *s = fds_get(fd, &pipes_kind);
	size_t takes;

	(void)flags;
	world_call();
	if (!s || s->state != UP) {
		errno = s && s->state == FAILED ? EPIPE : ENOTCONN;
		return -1;
	}
	world_leave();
	pipe_witness(s, buf, n);
	takes = pipe_takes(s, n);
	if (takes)
		pipe_out(s, buf, takes);
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

/* Nobody connects to the process here. */
int __wrap_listen(int fd, int backlog)
{
	(void)fd, (void)backlog;
	errno = EOPNOTSUPP;
	return -1;
}

int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	(void)fd, (void)sa, (void)len, (void)flags;
	errno = EOPNOTSUPP;
	return -1;
}

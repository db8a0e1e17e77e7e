/* The peer's end of a connection: what it hears, what it says, and what it forgets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/callers.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/peers.h"
#include "tests/simulation/kernel/pipes_private.h"
#include "tests/simulation/secure.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"
#include "tests/simulation/kernel/world.h"

enum { SEGMENTS_MAX = 4 }; /* that a message is cut into */

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
	if (!g->len && !s->accepted)
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

	for (unsigned i = 0; i < PIPES_TRIES_MAX && net_loses(&s->peer->link); i++) {
		at_ns += (int64_t)PIPES_RTO_MS * WORLD_MS << i;
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

void pipes_say(struct pipe *s, const char *buf, size_t len, struct packet *p)
{
	uint64_t *stream = &s->peer->link.stream;
	unsigned pieces = (unsigned)chance_between(stream, 1, SEGMENTS_MAX);
	size_t done = 0;

	for (; pieces > 1 && done < len; pieces--) {
		size_t n = chance_below(stream, len - done);

		if (!n)
			continue;
		pipe_back(s, buf + done, n, NULL);
		pipes_counts.cut++;
		done += n;
	}
	pipe_back(s, buf + done, len - done, p);
}

void pipes_hang_up(struct pipe *s)
{
	pipes_counts.closed++;
	if (!s->accepted)
		s->peer->fin_ns = world_now_ns();
	pipe_back(s, "", 0, NULL);
}

void pipes_answer(struct packet *p)
{
	struct pipe *s = p->pipe;

	p->pipe = NULL;
	if (s->secure)
		secure_answer(s->secure, s, p);
	else
		pipes_say(s, p->text, p->len, p);
	if (chance_of(&s->peer->link.stream, 50000))
		pipes_hang_up(s);
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

static void pipe_request(struct pipe *s, size_t len)
{
	struct packet *p = memory_get(sizeof(*p));

	if (!net_read(p, &s->socket.local, s->peer, s->request, len)) {
		memory_free(p);
		return;
	}
	p->pipe = s;
	s->refs++;
	peers_hear(p);
}

/* Bytes of a message's body. */
static size_t pipe_body(const char *head, size_t len)
{
	static const char name[] = "\r\nContent-Length:";
	const char *at = memmem(head, len, name, sizeof(name) - 1);

	return at ? strtoul(at + sizeof(name) - 1, NULL, 10) : 0;
}

/* What the peer has of messages by now. */
void pipes_heard(struct pipe *s, const char *buf, size_t len)
{
	char *end;

	if (s->request_len + len > sizeof(s->request))
		return;
	memcpy(s->request + s->request_len, buf, len);
	s->request_len += len;
	while ((end = memmem(s->request, s->request_len, "\r\n\r\n", 4))) {
		size_t n = (size_t)(end - s->request) + 4;

		n += pipe_body(s->request, n);
		if (n > s->request_len)
			return;
		if (s->accepted)
			callers_hear_stream(s->request, n, s);
		else
			pipe_request(s, n);
		s->request_len -= n;
		memmove(s->request, s->request + n, s->request_len);
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
	} else if (s->secure) {
		secure_hear(s->secure, s, g->buf, g->len);
	} else {
		pipes_heard(s, g->buf, g->len);
	}
}

/* One after the other: what follows a lost one waits with it. */
void pipe_hear_h(void *arg)
{
	struct pipe *s = arg;
	struct segment *g = s->out;
	bool lives = !s->closed && s->state == UP && g->tries < PIPES_TRIES_MAX;

	if (lives && (pipe_is_away(s->peer) || net_loses(&s->peer->link))) {
		s->retried++;
		pipes_counts.lost++;
		world_in((int64_t)PIPES_RTO_MS * WORLD_MS << g->tries++, pipe_hear_h, s);
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

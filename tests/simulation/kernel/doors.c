/* Where peers come in: TCP sockets that listen, and who waits there. */
#include <errno.h>
#include <string.h>

#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/pipes_private.h"
#include "tests/simulation/kernel/world.h"

enum { WAITING_MAX = 128 };

static struct pipe *doors; /* that are open */

static struct pipe *door_at(const struct sa *to)
{
	struct pipe *d = doors;

	while (d && (sa_af(&d->socket.local) != sa_af(to) ||
		     sa_port(&d->socket.local) != sa_port(to)))
		d = d->next_door;
	return d;
}

static void door_turn_away(struct pipe *guest)
{
	guest->closed = true;
	pipe_let_go(guest);
}

void doors_forget(struct pipe *s)
{
	struct pipe **at = &doors;

	while (*at && *at != s)
		at = &(*at)->next_door;
	if (*at)
		*at = s->next_door;
	while (s->waiting) {
		struct pipe *guest = s->waiting;

		s->waiting = guest->next_guest;
		door_turn_away(guest);
	}
}

int __wrap_listen(int fd, int backlog)
{
	struct pipe *s = fds_get(fd, &pipes_kind);

	(void)backlog;
	if (!s || s->state != FRESH) {
		errno = s ? EINVAL : ENOTSOCK;
		return -1;
	}
	if (door_at(&s->socket.local)) {
		errno = EADDRINUSE;
		return -1;
	}
	s->state = LISTENING;
	s->next_door = doors;
	doors = s;
	return 0;
}

/* The process has no descriptor of it yet. */
static struct pipe *door_guest(struct peer *peer, const struct sa *from)
{
	struct pipe *s = memory_get(sizeof(*s));

	s->socket.kind = &pipes_kind;
	s->socket.fd = -1;
	s->socket.peer = *from;
	sockets_own(&s->socket.local, sa_af(from), 5060);
	s->peer = peer;
	s->epoch = peer->epoch;
	s->state = UP;
	s->accepted = true;
	s->last = &s->first;
	s->out_last = &s->out;
	s->refs = 2; /* the process' and the caller's */
	return s;
}

struct pipe *pipes_call(struct peer *peer, const struct sa *from)
{
	struct pipe **at, *door;
	struct sa to;
	unsigned count = 0;

	sockets_own(&to, sa_af(from), 5060);
	door = door_at(&to);
	if (!door)
		return NULL;
	for (at = &door->waiting; *at; at = &(*at)->next_guest)
		count++;
	if (count == WAITING_MAX)
		return NULL;
	*at = door_guest(peer, from);
	world_note((uint64_t)world_now_ns() ^ sa_port(from));
	fds_touch(door->socket.fd);
	return *at;
}

static int door_open(struct pipe *door, struct pipe *guest)
{
	guest->socket.fd = fds_open(&pipes_kind, guest);
	if (guest->socket.fd < 0)
		return -1;
	door->waiting = guest->next_guest;
	guest->next_guest = NULL;
	pipes_counts.accepted++;
	return guest->socket.fd;
}

int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	struct pipe *door = fds_get(fd, &pipes_kind), *guest;
	const struct sa *from;

	(void)flags;
	world_call();
	if (!door || !door->waiting) {
		errno = door ? EAGAIN : ENOTSOCK;
		return -1;
	}
	guest = door->waiting;
	if (door_open(door, guest) < 0)
		return -1;
	from = &guest->socket.peer;
	memcpy(sa, &from->u.sa, from->len < *len ? from->len : *len);
	*len = from->len;
	return guest->socket.fd;
}

void pipes_let_go(struct pipe *s)
{
	pipe_let_go(s);
}

bool pipes_is_closed(const struct pipe *s)
{
	return s->closed || s->state != UP;
}

/*
 * TCP: connections of the process to its peers. Bytes come in order and whole, but cut
 * anywhere, and late where a segment was lost; connections are refused, reset, closed,
 * and forgotten by a peer that was away.
 */
#ifndef TESTS_SIMULATION_KERNEL_PIPES_H
#define TESTS_SIMULATION_KERNEL_PIPES_H

#include "tests/simulation/kernel/sockets.h"

struct packet;
struct peer;
struct pipe;

extern const struct fd_kind pipes_kind;

/* As socket(), connect(), setsockopt(), getsockopt(), recvmsg(). */
int pipes_socket(int af);
int pipes_connect(int fd);
int pipes_ask_option(int fd, int level, int name, void *p, socklen_t *len);
ssize_t pipes_receive(int fd, struct msghdr *h);

bool pipes_connected(int fd);

/* The peer's message goes back over the connection it is an answer on. Takes @p over. */
void pipes_answer(struct packet *p);

/* The peer says that, in pieces; @p: what its last byte ends, or NULL. Takes @p over. */
void pipes_say(struct pipe *s, const char *buf, size_t len, struct packet *p);

/* The peer says no more: FIN. */
void pipes_hang_up(struct pipe *s);

/* The peer has got that of what it reads. */
void pipes_heard(struct pipe *s, const char *buf, size_t len);

#define PIPES_FULL_NS (20 * WORLD_MS) /* for so long at most a pipe has no room */

/*
 * The process sends that to a peer, whatever becomes of it: whole messages. @behind:
 * there was no room for what it sent before.
 */
void pipes_witness(const struct sa *local, struct peer *peer, const char *buf, size_t len,
		   bool behind);

/* The connection behind a descriptor; NULL: there is none. */
struct pipe *pipes_at(int fd);
struct peer *pipes_peer(const struct pipe *s);
const struct sa *pipes_local(const struct pipe *s);

/*
 * A peer connects to the process from that address. Returns the connection, which the
 * process has yet to accept, or NULL where nobody listens. The caller has a reference to
 * it, for pipes_let_go().
 */
struct pipe *pipes_call(struct peer *peer, const struct sa *from);
void pipes_let_go(struct pipe *s);
void pipes_hold(struct pipe *s);

/* Whether the process has closed it, or never knew it. */
bool pipes_is_closed(const struct pipe *s);

struct pipes_counts {
	uint64_t connections, refused, resets, closed, segments, lost, cut, accepted;
};

extern struct pipes_counts pipes_counts;

#endif

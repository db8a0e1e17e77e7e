/*
 * TCP: connections of the process to its peers. Bytes come in order and whole, but cut
 * anywhere, and late where a segment was lost; connections are refused, reset, closed,
 * and forgotten by a peer that was away.
 */
#ifndef TESTS_SIMULATION_KERNEL_PIPES_H
#define TESTS_SIMULATION_KERNEL_PIPES_H

#include "tests/simulation/kernel/sockets.h"

struct packet;

extern const struct fd_kind pipes_kind;

/* As socket(), connect(), setsockopt(), getsockopt(), recvmsg(). */
int pipes_socket(int af);
int pipes_connect(int fd);
int pipes_ask_option(int fd, int level, int name, void *p, socklen_t *len);
ssize_t pipes_receive(int fd, struct msghdr *h);

bool pipes_connected(int fd);

/* The peer's message goes back over the connection it is an answer on. Takes @p over. */
void pipes_answer(struct packet *p);

struct pipes_counts {
	uint64_t connections, refused, resets, closed, segments, lost, cut;
};

extern struct pipes_counts pipes_counts;

#endif

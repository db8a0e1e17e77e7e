/* Sockets: calls by descriptor, handed on to datagrams or pipes. */
#ifndef TESTS_SIMULATION_KERNEL_SOCKETS_H
#define TESTS_SIMULATION_KERNEL_SOCKETS_H

#include "tests/simulation/kernel/fds.h"
#include "tests/simulation/kernel/wrapped.h"

/* What both kinds of sockets have in common; the first member of each. */
struct socket {
	const struct fd_kind *kind;
	int fd;
	struct sa local;
	struct sa peer;
};

/* The machine's own address of a family, with a port. */
void sockets_own(struct sa *sa, int af, uint16_t port);

/* A port that nobody has had for long. */
uint16_t sockets_port(void);

/* Any socket behind a descriptor; NULL with errno. */
struct socket *sockets_get(int fd);

/* Puts an answer's part beside a message that is received. */
void sockets_control(struct msghdr *h, int level, int type, const void *p, size_t len);

#endif

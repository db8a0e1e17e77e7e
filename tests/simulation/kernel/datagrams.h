/* UDP: sockets with a queue, the kernel's stamps, and a queue of ICMP errors. */
#ifndef TESTS_SIMULATION_KERNEL_DATAGRAMS_H
#define TESTS_SIMULATION_KERNEL_DATAGRAMS_H

#include "tests/simulation/kernel/sockets.h"

extern const struct fd_kind datagrams_kind;

/* As socket(). */
int datagrams_socket(int af);

/* Whether another socket has that port of the family. */
bool datagrams_taken(const struct sa *local);

/* As recvmsg(MSG_ERRQUEUE), or MSG_PEEK: whether there is one. */
ssize_t datagrams_error(int fd, struct msghdr *h, int flags);

/*
 * A datagram comes to a socket of the process. Returns whether one was there to take it,
 * with room.
 */
bool datagrams_arrive(const struct sa *dst, const struct sa *src, const char *buf,
		      size_t len);

/* An ICMP error comes for one of ours to @peer, with the head of what was sent. */
bool datagrams_refuse(const struct sa *dst, const struct sa *peer, int err,
		      const char *buf, size_t len);

/* Sending fails from now on, with that errno, for so many of a million; 0: no more. */
void datagrams_fail(uint64_t seed, int err, unsigned ppm);

#endif

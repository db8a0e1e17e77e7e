/*
 * TLS: the peer's end of it, a second SSL on memory BIOs, and how what the process
 * encrypts is known.
 */
#ifndef TESTS_SIMULATION_SECURE_H
#define TESTS_SIMULATION_SECURE_H

#include <stddef.h>
#include <stdint.h>

struct packet;
struct peer;
struct pipe;
struct secure;

/* A peer's, of a new connection. */
struct secure *secure_make(struct peer *peer);
void secure_free(struct secure *x); /* NULL is ignored */

/* Bytes of the process came to the peer. */
void secure_hear(struct secure *x, struct pipe *s, const char *buf, size_t len);

/* The peer answers. Takes @p over. */
void secure_answer(struct secure *x, struct pipe *s, struct packet *p);

/* The process sends what an SSL of its made just now, by that descriptor. */
void secure_sends(int fd);

struct secure_counts {
	uint64_t handshakes, refused; /* done; our certificate was not taken */
};

extern struct secure_counts secure_counts;

#endif

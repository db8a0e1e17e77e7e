/*
 * Both ends of a connection: for pipes.c, which is the process' end, pipe_peer.c, the
 * peer's, and doors.c, where peers come in.
 */
#ifndef TESTS_SIMULATION_KERNEL_PIPES_PRIVATE_H
#define TESTS_SIMULATION_KERNEL_PIPES_PRIVATE_H

#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/net.h"

enum {
	PIPES_RTO_MS = 200,
	PIPES_SYN_RTO_MS = 1000,
	PIPES_TRIES_MAX = 8,
	PIPES_REQUEST = 4 * NET_TEXT, /* bytes of messages that a peer gathers */
};

enum pipe_state { FRESH, LISTENING, CONNECTING, UP, FAILED };

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
	bool accepted;	/* the peer opened it */
	bool closed;	/* by the process */
	bool ended;	/* FIN came */
	bool full;	/* takes no bytes for a while */
	bool forgotten; /* by the peer */
	unsigned epoch; /* of the peer, when it was made */
	unsigned unacked, retried;
	uint64_t taken,
		seen;  /* bytes of the process: those taken; those it tried to send */
	int64_t in_ns; /* when the last segment arrives */
	struct segment *first, **last;	 /* in the socket */
	struct segment *out, **out_last; /* on their way; the first one moves */
	char request[PIPES_REQUEST];	 /* what the peer has of a message */
	size_t request_len;
	struct secure *secure;	 /* the peer's end of TLS; NULL: none */
	struct pipe *next_door;	 /* of those that listen */
	struct pipe *waiting;	 /* connections that nobody has accepted yet */
	struct pipe *next_guest; /* of those */
};

/* The descriptor's, or an event's reference is given back. */
void pipe_let_go(struct pipe *s);

/* The process sees that the connection failed. */
void pipe_fail(struct pipe *s, int err);

/* It answers nothing at all. */
bool pipe_is_away(const struct peer *p);

void segment_free(struct segment *g);

/* A pipe with a descriptor, or NULL with errno. */
struct pipe *pipe_make(int af);

/* The first segment of those that leave arrives at the peer. */
void pipe_hear_h(void *arg);

/* It is in nobody's list any more. */
void doors_forget(struct pipe *s);

#endif

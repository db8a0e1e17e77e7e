/*
 * The sockets of a session, and all that media has to do with the kernel's network: a
 * test, a simulation or a lookout needs to know no other file.
 */
#ifndef SIPPROBE_MEDIA_WIRE_H
#define SIPPROBE_MEDIA_WIRE_H

#include "base/clock.h"
#include "sipprobe/loop/compat.h"

enum {
	WIRE_BATCH = 16,	 /* packets a recvmmsg() */
	WIRE_PACKET_MAX = 1500,	 /* bytes; longer ones are cut and told of */
	WIRE_PACKET_ROOM = 1600, /* … with what SRTP writes behind them */
};

/* One UDP socket. */
struct wire {
	int fd; /* -1: none */
	struct clock_stamps stamps;
};

/* RTP's and RTCP's. */
struct wire_pair {
	struct wire rtp, rtcp;
};

struct wire_ports {
	uint16_t first, last;
	uint16_t next; /* where the search goes on, so that a port rests after its call */
};

/*
 * Opens a pair at @local's address: an even port and the next one.
 *
 * @bound: as RTP's socket is bound
 *
 * Returns 0; EADDRINUSE: no pair is free; or errno.
 */
int wire_pair_open(struct wire_pair *pair, struct sa *bound, struct wire_ports *ports,
		   const struct sa *local, unsigned dscp);
void wire_pair_close(struct wire_pair *pair);

/* Sends a packet. Returns 0 or errno. */
int wire_send(const struct wire *w, const struct sa *dst, const uint8_t *data,
	      size_t bytes);

struct wire_packet {
	struct sa src;
	uint8_t *data; /* WIRE_PACKET_ROOM bytes; may be changed */
	size_t bytes;
	bool cut;      /* it was longer than WIRE_PACKET_MAX */
	int64_t at_ns; /* the kernel's stamp, on the monotonic clock */
};

/* Buffers of one reading; mem_deref(). */
struct wire_batch;

int wire_batch_alloc(struct wire_batch **bp);

/*
 * Reads what waits, without waiting.
 *
 * @packets: WIRE_BATCH of room; they live until the next reading
 *
 * Returns how many; fewer than WIRE_BATCH: no more waits.
 */
unsigned wire_receive(struct wire_packet *packets, struct wire *w, struct wire_batch *b);

/* The clock of all of it: monotonic. */
int64_t wire_now_ns(void);

#endif

/* The inside of a UDP socket, for udp*.c only. */
#ifndef SIPPROBE_TRANSPORT_UDP_PRIVATE_H
#define SIPPROBE_TRANSPORT_UDP_PRIVATE_H

#include "base/clock.h"
#include "sipprobe/loop/turns.h"
#include "sipprobe/transport/udp.h"

struct udp_lanes;

struct udp {
	struct sa local;
	int fd;
	struct clock_stamps stamps;
	int64_t rx_ns;	 /* stamp of the datagram that was read last */
	uint8_t rx_ttl;	 /* the TTL or hop limit that it came with; 0: unknown */
	int64_t read_ns; /* what had arrived by then was read, at least; 0: unknown */
	unsigned batch;	 /* datagrams to read at once */
	bool whole;	 /* small datagrams are never fragmented */
	struct udp *of;	 /* the socket that this is a lane of, or NULL */
	struct udp_lanes *lanes; /* NULL: none ever */
	struct list taps;	 /* who look at what arrives before all others */
	const struct udp_events *events;
	void *arg;
};

/* What reading a datagram and finding out what it is takes, about. */
static inline int64_t udp_cost_ns(size_t len)
{
	return 2000 + 3 * (int64_t)len;
}

/* An unbound socket with stamps and errors on, of that family. Returns 0 or errno. */
int udp_alloc(struct udp **up, int af, const struct udp_events *events, void *arg);

/* Binds it. Returns 0 or errno. */
int udp_bind(struct udp *u, const struct sa *local);

/* Of a fresh socket: how it sends. */
void udp_send_begin(struct udp *u, int af);

/* Room for bursts of many peers. */
void udp_enlarge(struct udp *u);

/* Notes what reading a datagram of @src cost. Who sends too much gets a lane, out of
 * which he is read as well. */
void udp_charge(struct udp *u, const struct sa *src, size_t len, int64_t now_ns);

/*
 * An ICMP error of an earlier datagram, to whomever, is handed to the next call, whether
 * it sends or reads. It is in the error queue too, with its destination: not this call's
 * fault, which is tried again. All that ICMP and ICMPv6 turn into; one of this machine's
 * own comes again.
 */
enum { UDP_TRIES = 4 };

bool udp_is_another_ones(int err);

/* Errors, then a batch of datagrams. Returns whether there may be more. */
bool udp_read(struct udp *u);

/*
 * Lanes: sockets of their own for peers that send more than their share of the loop's
 * time pays for, or more at once than their share of the socket's room. Each is bound
 * like the one it belongs to and connected to its peer, so that the kernel puts that
 * peer's datagrams there, behind nobody else's and nobody else's behind them. What is in
 * a lane is read when its turn comes; what has no room there is lost to its sender alone.
 * A lane ends when it is empty, paid for and has lost nothing for two minutes.
 */
enum { UDP_LANES_MAX = 256 }; /* of a socket; whoever comes then stays where he was */

/* @turns: where lanes wait. Freed with mem_deref(). Returns 0 or ENOMEM. */
int udp_lanes_alloc(struct udp_lanes **lp, struct udp *of, struct turns *turns);

/* Counts a datagram of that source, which may open a lane. @now_ns: monotonic */
void udp_lanes_charge(struct udp_lanes *l, const struct sa *src, size_t len,
		      int64_t now_ns);

/* The lane of a peer, or NULL. */
struct udp *udp_lanes_find(const struct udp_lanes *l, const struct sa *peer);

/* How many there are. */
unsigned udp_lanes_count(const struct udp_lanes *l);

#endif

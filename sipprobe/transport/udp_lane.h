/*
 * Lanes: sockets of their own for peers that send more than their share of the loop's
 * time pays for, or more at once than their share of the socket's room. Each is bound
 * like the one it belongs to and connected to its peer, so that the kernel puts that
 * peer's datagrams there, behind nobody else's and nobody else's behind them. What is in
 * a lane is read when its turn comes; what has no room there is lost to its sender alone.
 * A lane ends when it is empty, paid for and has lost nothing for two minutes. For udp.c
 * only.
 */
#ifndef SIPPROBE_TRANSPORT_UDP_LANE_H
#define SIPPROBE_TRANSPORT_UDP_LANE_H

#include "sipprobe/loop/turns.h"
#include "sipprobe/transport/udp_private.h"

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

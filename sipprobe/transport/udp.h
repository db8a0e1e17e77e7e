/*
 * UDP sockets for probing and answering: kernel receive stamps, ICMP errors by the
 * socket's error queue, datagrams read in batches.
 */
#ifndef SIPPROBE_TRANSPORT_UDP_H
#define SIPPROBE_TRANSPORT_UDP_H

#include "sipprobe/loop/compat.h"

enum { UDP_BATCH = 16 }; /* datagrams that are read at once, at most */

struct turns;
struct udp; /* one socket; mem_deref() closes it */

struct udp_events {
	/* @rx_ns: the kernel's receive stamp, on the monotonic clock */
	void (*datagram_h)(struct udp *u, const struct sa *src, const char *buf,
			   size_t len, int64_t rx_ns, void *arg);
	/*
	 * ICMP said that a datagram to @dst did not arrive.
	 * @err: ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES, …; EMSGSIZE: it was too
	 *       long for the path, and the next is cut to fit
	 * @buf: as much of our datagram as came back, @len may be 0
	 */
	void (*error_h)(struct udp *u, const struct sa *dst, int err, const char *buf,
			size_t len, void *arg);
	/*
	 * The queue in which a peer waits who sends more than his share of the loop's
	 * time pays for; he gets a lane then, see udp_private.h. NULL: nobody waits.
	 */
	struct turns *(*turns_h)(void *arg);
	/*
	 * Datagrams that came together, before the first of them is handed over: whom
	 * they are for may be brought into the cache meanwhile. NULL: nobody does.
	 */
	void (*coming_h)(const struct mmsghdr *all, unsigned n, void *arg);
};

/* What ICMP said of a datagram, and who did. */
struct udp_icmp {
	struct sa offender; /* AF_UNSPEC: not told */
	uint8_t type;	    /* of ICMP or ICMPv6, by the family of the datagram */
	uint8_t code;
};

/*
 * A look at what arrives at a socket, before its handlers: what a tap takes is seen by
 * nobody else. Embed one. Its `le.list` is NULL while it is on no socket, and again when
 * the socket was closed; list_unlink() takes it off.
 */
struct udp_tap {
	struct le le;
	/* Return whether it is the tap's. As in struct udp_events. */
	bool (*datagram_h)(const struct sa *src, const char *buf, size_t len,
			   int64_t rx_ns, void *arg);
	/* Errors of ICMP, also those that are not final; @buf may be cut anywhere. */
	bool (*error_h)(const struct sa *dst, const struct udp_icmp *icmp,
			const char *buf, size_t len, void *arg);
	void *arg;
};

/*
 * Opens and binds a socket and listens on libre's loop.
 *
 * @local: address to bind; port 0 takes a free one
 *
 * Returns 0 or errno of socket() or bind().
 */
int udp_socket(struct udp **up, const struct sa *local, const struct udp_events *events,
	       void *arg);

/* As bound. */
const struct sa *udp_local(const struct udp *u);

/*
 * Sends one datagram.
 *
 * @dscp: 0 to 63, in the packet's head (RFC 2474)
 *
 * Returns 0 or errno. ENOBUFS and EAGAIN mean it was dropped on the way out, EPERM that a
 * firewall of this machine did it.
 */
int udp_transmit(struct udp *u, const struct sa *dst, const char *buf, size_t len,
		 unsigned dscp);

/* The same of a message with control data of the caller's, such as a TTL. */
int udp_transmit_msg(struct udp *u, const struct msghdr *h);

/* The TTL or hop limit that the datagram at hand, or the last one, came with; 0: unknown.
 */
uint8_t udp_rx_ttl(const struct udp *u);

/* Puts a tap on the socket, which must be on none. */
void udp_tap(struct udp *u, struct udp_tap *tap);

/*
 * Reads what arrived by @at_ns (monotonic) and waits in the socket, errors first, unless
 * that was done. Calls the handlers as the loop would.
 */
void udp_catch_up(struct udp *u, int64_t at_ns);

/* The same of what waits in the lane of a peer, where he has one. */
void udp_catch_up_lane(struct udp *u, const struct sa *peer);

/* The address that the kernel would send from towards @dst, with port 0. */
int udp_source(struct sa *src, const struct sa *dst);

#endif

/*
 * What arrives at our sockets and on our connections goes to whoever registered for it
 * with sockets_alloc(): this table of handlers, each with that caller's argument last.
 */
#ifndef SIPPROBE_TRANSPORT_ARRIVALS_H
#define SIPPROBE_TRANSPORT_ARRIVALS_H

#include "config/config.h"
#include "sipprobe/engine.h"
#include "sipprobe/loop/compat.h"

struct guard_message;
struct stream;
struct udp;

struct arrivals {
	/* A datagram, whatever it is. @rx_ns: the kernel's stamp, monotonic */
	void (*datagram_h)(struct udp *u, const struct sa *src, const char *buf,
			   size_t len, int64_t rx_ns, void *arg);
	/* Before those of a batch; as in struct udp_events, and may be NULL. */
	void (*coming_h)(const struct mmsghdr *all, unsigned n, void *arg);
	/* ICMP said that a datagram to @dst did not arrive; as in struct udp_events. */
	void (*icmp_h)(const struct sa *dst, int err, const char *buf, size_t len,
		       void *arg);
	/* Whether a trunk's peer has that address. */
	bool (*known_h)(const struct sa *peer, void *arg);
	/* Whether the certificate of a connection to us speaks for a trunk. */
	bool (*proven_h)(struct stream *s, void *arg);
	/* A request on a connection, whoever opened it. @transport: TCP or TLS */
	void (*request_h)(struct stream *s, enum config_transport transport,
			  const struct guard_message *m, void *arg);
	/* A response on a connection that the peer opened. Whether it was anybody's. */
	bool (*response_h)(struct stream *s, const struct guard_message *m, int64_t rx_ns,
			   void *arg);
	/* Something that is nobody's. */
	void (*stray_h)(enum engine_stray why, void *arg);
	/* A connection to us was refused or closed; to be counted as well. */
	void (*refused_h)(enum engine_stray why, const struct sa *peer, void *arg);
};

#endif

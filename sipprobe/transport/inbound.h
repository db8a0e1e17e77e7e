/*
 * The connections that peers opened to us, over all listening sockets: bounded in number,
 * overall and for each address, and closed when they stay silent. Main thread only.
 */
#ifndef SIPPROBE_TRANSPORT_INBOUND_H
#define SIPPROBE_TRANSPORT_INBOUND_H

#include "sipprobe/transport/stream.h"

struct inbound;

enum {
	INBOUND_MAX = 1024,
	INBOUND_PER_ADDRESS_MAX = 16,
};

/* The time that a peer has from its SYN to the end of the TLS handshake. */
#define INBOUND_OPENING_NS (10 * 1000000000LL)

struct inbound_events {
	/*
	 * Whether @peer may connect, with or without @tls. Asked before a byte is read or
	 * sent; on false the connection is reset. It must not free the set.
	 */
	bool (*accept_h)(const struct sa *peer, bool tls, void *arg);
	/* As in struct stream_events. The stream belongs to the set. */
	void (*message_h)(struct stream *s, const struct guard_message *m, int64_t rx_ns,
			  void *arg);
	/* As in struct stream_events; not for connections that the set itself closes. */
	void (*closed_h)(struct stream *s, enum probe_outcome why, int err,
			 const char *detail, void *arg);
};

/*
 * Freed with mem_deref(), which closes all connections; it is allowed in message_h and
 * closed_h.
 *
 * @events: kept by the caller while the set lives
 *
 * Returns 0 or ENOMEM.
 */
int inbound_alloc(struct inbound **ip, const struct inbound_events *events, void *arg);

/* Takes over a socket accepted from that address, or resets it. */
void inbound_take(struct inbound *in, int fd, const struct sa *from,
		  struct tls_profile *tls);

/*
 * Closes connections without a byte received for @idle_ns, keep-alives included, and
 * those that are not open after INBOUND_OPENING_NS.
 *
 * Returns when to call again at the latest, monotonic; INT64_MAX without a connection.
 * A new one does not move that: call at least every INBOUND_OPENING_NS while listening.
 */
int64_t inbound_run(struct inbound *in, int64_t now_ns, int64_t idle_ns);

/* Asks accept_h again for each connection, after a change of who may connect. */
void inbound_review(struct inbound *in);

/* The number of connections. */
size_t inbound_count(const struct inbound *in);

/* Closes with a reset: no byte is sent and no TIME-WAIT is left behind. */
void inbound_refuse(int fd);

#endif

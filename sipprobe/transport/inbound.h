/*
 * The connections that peers opened to us, over all listening sockets: bounded in number,
 * overall and for each peer, and closed when they stay silent. Strangers, who may still
 * prove who they are, have less than half of the places and make room for peers that are
 * known; the idlest goes first. Main thread only.
 */
#ifndef SIPPROBE_TRANSPORT_INBOUND_H
#define SIPPROBE_TRANSPORT_INBOUND_H

#include "sipprobe/engine.h"
#include "sipprobe/transport/stream.h"

struct inbound;

enum {
	INBOUND_MAX = 1024,
	INBOUND_STRANGERS_MAX = 384,
	INBOUND_PER_ADDRESS_MAX = 16, /* strangers: for each IPv4 address or IPv6 /64 */
};

/* One part of the loop's time in so many is for all strangers; for each known network. */
enum { INBOUND_STRANGERS_SHARE = 10, INBOUND_KNOWN_SHARE = 10 };

/* The time that a stranger is left to go on before another one may have its place. */
#define INBOUND_PATIENCE_NS (100 * 1000000LL)

enum inbound_rank {
	INBOUND_REFUSED,
	INBOUND_STRANGER, /* of no known address; nothing is proven yet */
	INBOUND_PROVEN,	  /* by its certificate */
	INBOUND_KNOWN,	  /* by its address */
};

/* The time that a peer has from its SYN to the end of the TLS handshake. */
#define INBOUND_OPENING_NS (10 * 1000000000LL)

struct inbound_events {
	/*
	 * What @peer is by its address, with or without @tls: REFUSED, STRANGER or KNOWN.
	 * Asked before a byte is read or sent; who is refused is reset. This one, the
	 * next and refused_h must not free the set.
	 */
	enum inbound_rank (*rank_h)(const struct sa *peer, bool tls, void *arg);
	/* Whether the certificate of a stranger whose handshake is done proves a peer. */
	bool (*proven_h)(struct stream *s, void *arg);
	/* As in struct stream_events. The stream belongs to the set. */
	void (*message_h)(struct stream *s, const struct guard_message *m, int64_t rx_ns,
			  void *arg);
	/* As in struct stream_events; not for connections that the set itself closes. */
	void (*closed_h)(struct stream *s, enum probe_outcome why, int err,
			 const char *detail, void *arg);
	/*
	 * A connection was reset: of a stranger that is not to connect, for want of a
	 * place or of a descriptor, or one that had a place, for another's sake.
	 */
	void (*refused_h)(enum engine_stray why, const struct sa *peer, void *arg);
};

/*
 * Freed with mem_deref(), which closes all connections; it is allowed in message_h and
 * closed_h.
 *
 * @turns:  where they wait whose share of the loop's time is used up: that of a known
 *          peer, or the one that all strangers have together, handshakes included;
 *          NULL: nobody waits
 * @events: kept by the caller while the set lives
 *
 * Returns 0 or ENOMEM.
 */
int inbound_alloc(struct inbound **ip, struct turns *turns,
		  const struct inbound_events *events, void *arg);

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

/* Asks rank_h and proven_h again for each connection, after a change of who may. */
void inbound_review(struct inbound *in);

/* Whether two peers of one rank share INBOUND_PER_ADDRESS_MAX places. */
bool inbound_shares(enum inbound_rank rank, const struct sa *a, const struct sa *b);

/* The number of connections. */
size_t inbound_count(const struct inbound *in);

/* Closes with a reset, and tells: no byte is sent and no TIME-WAIT is left behind. */
void inbound_refuse(const struct inbound *in, int fd, const struct sa *peer,
		    enum engine_stray why);

#endif

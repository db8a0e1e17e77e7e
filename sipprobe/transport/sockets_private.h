/* The engine's own ends from inside, shared by sockets*.c only. */
#ifndef SIPPROBE_TRANSPORT_SOCKETS_PRIVATE_H
#define SIPPROBE_TRANSPORT_SOCKETS_PRIVATE_H

#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/udp.h"

struct inbound;
struct listener;
struct local_sockets;

/* One of sip.listen, open. */
struct sockets_entry {
	struct le le;
	enum config_transport transport;
	struct sa wanted; /* as configured; its port may be 0 */
	struct sa local;  /* as bound */
	struct udp *udp;  /* owned; or */
	struct listener *listener;
	struct tls_profile *tls;      /* of a TLS listener, in force; owned */
	struct tls_profile *tls_next; /* the same after the next commit */
	bool in_force;
	bool wanted_next; /* the configuration being prepared lists it */
	char text[64];
};

struct sockets {
	struct ticker *ticker;
	const struct arrivals *arrivals;
	void *arg; /* of the arrivals */
	struct list entries;
	bool match_certificate;
	bool match_next;	 /* the same after the next commit */
	struct inbound *inbound; /* connections that peers opened to us */
	struct turns *turns;	 /* of all connections, ours and theirs */
	struct wheel_timer sweep;
	struct local_sockets *locals; /* for trunks that say where from */
	struct udp *own[2];	      /* for IPv4 and IPv6, opened when first needed */
};

/* Of every UDP socket here; their `arg` is the struct sockets. */
extern const struct udp_events sockets_udp_events;

#endif

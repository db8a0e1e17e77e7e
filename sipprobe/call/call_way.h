/*
 * The way that a call's messages take: our UDP socket, or a connection of its own. It
 * outlives reloads, as the call does: sockets are chosen anew at each sending, and a
 * connection that broke is opened anew when something is to be sent. Requests within a
 * dialog may have to go elsewhere, by a connection of their own.
 */
#ifndef SIPPROBE_CALL_CALL_WAY_H
#define SIPPROBE_CALL_CALL_WAY_H

#include "config/config.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/probe.h"
#include "sipprobe/transport/arrivals.h"

struct call_way; /* mem_deref() closes it */
struct sockets;
struct tls_cache;

struct call_way_conf {
	struct sockets *sockets;	 /* borrowed */
	const struct arrivals *arrivals; /* for requests on its connection; borrowed */
	void *arrivals_arg;
	struct sa peer;
	enum config_transport transport;	/* never NONE */
	const struct config_settings *settings; /* kept by the caller */
	struct tls_cache *tls;			/* referenced */
	const char *name;			/* identity of the peer; copied */
};

struct call_way_events {
	/* Messages may be sent, and our end is known. Once; from the loop. */
	void (*up_h)(void *arg);
	/* A response on our connection. */
	void (*message_h)(const struct guard_message *m, int64_t rx_ns, void *arg);
	/* There is no way, or it broke. @detail: for people, may be NULL */
	void (*lost_h)(enum probe_outcome why, int err, const char *detail, void *arg);
};

/* Returns 0 or errno. Over UDP up_h may run inside call_way_open() alone. */
int call_way_alloc(struct call_way **wp, const struct call_way_conf *conf,
		   const struct call_way_events *events, void *arg);

/* Opens it. Returns 0 or errno: of a socket, or of connect() at once. */
int call_way_open(struct call_way *w);

/*
 * Sends a message whole, over a new connection where the last one is gone.
 *
 * @hop: where to; NULL: the peer
 *
 * Returns 0, or errno when it did not leave; over UDP another copy may.
 */
int call_way_send(struct call_way *w, const struct sa *hop, const char *buf, size_t len);

/* Our end as the peer sees it, with the port that it reaches us at. Valid from up_h. */
const struct sa *call_way_local(const struct call_way *w);

/* "UDP", as in a Via; and whether nothing needs to be sent twice. */
const char *call_way_transport(const struct call_way *w);
bool call_way_is_reliable(const struct call_way *w);

/* Times of opening it, -1 where there are none. */
void call_way_phases(const struct call_way *w, int64_t *connect_ns, int64_t *tls_ns);

#endif

/*
 * Whose is what arrives: responses find their target; requests of configured trunks are
 * answered; strangers get silence and a count, for an answerer that replies to anybody is
 * a reflector.
 */
#ifndef SIPPROBE_DEMUX_H
#define SIPPROBE_DEMUX_H

#include "sipprobe/core.h"
#include "sipprobe/guard.h"

struct udp;
struct stream;

/* A datagram that arrived on one of our sockets, whatever it is. */
void demux_datagram(struct core *core, struct udp *u, const struct sa *src,
		    const char *buf, size_t len, int64_t rx_ns);

/* An ICMP error for a datagram of ours. */
void demux_icmp(struct core *core, const struct sa *dst, int err, const char *buf,
		size_t len);

/* Whether an address is any trunk's; a stranger is counted. */
bool demux_welcomes(struct core *core, const struct sa *peer);

/* A request that arrived on a connection, whoever opened it. */
void demux_stream_request(struct core *core, struct stream *s,
			  enum config_transport transport, const struct guard_message *m);

#endif

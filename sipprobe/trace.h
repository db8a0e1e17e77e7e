/*
 * A trace: the routers on the way to a peer, by the very request with a rising TTL (over
 * TCP and TLS by the SYN alone), and the SIP hops behind it, by Max-Forwards. No libre
 * types: other layers see it.
 */
#ifndef SIPPROBE_TRACE_H
#define SIPPROBE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sipprobe/probe.h"

enum {
	TRACE_HOPS = 30, /* TTLs at most */
	TRACE_TRIES = 3, /* of one TTL that nobody answers */
	TRACE_SIP_HOPS = 3,
	TRACE_ADDRESS = 64, /* bytes of an address as text */
};

/* What came back for a TTL. */
enum trace_answer {
	TRACE_SILENT,	/* nothing, or nothing yet */
	TRACE_ROUTER,	/* time exceeded: a router on the way */
	TRACE_REJECTED, /* ICMP says that it goes no further; `type` and `code` say why */
	TRACE_REFUSED,	/* the peer's machine: nothing listens on the port */
	TRACE_ANSWERED, /* the peer: a SIP response, or the end of our SYN */
};

struct trace_hop {
	char address[TRACE_ADDRESS]; /* who spoke, without a port; "" for nobody */
	int64_t rtt_ns;		     /* of the try that was answered; -1: none was */
	uint8_t answer;		     /* enum trace_answer */
	uint8_t tries;
	uint8_t type; /* of ICMP or ICMPv6, of the two in the middle */
	uint8_t code;
	uint16_t sip_code; /* of TRACE_ANSWERED over UDP; 0: a connection */
	bool settled;	   /* it is what it stays */
};

/* The answer to a request with a small Max-Forwards (RFC 3261 8.1.1.6, 16.3). */
struct trace_sip_hop {
	uint8_t max_forwards;
	uint8_t outcome; /* enum probe_outcome */
	uint16_t code;	 /* 0: none came */
	int64_t rtt_ns;	 /* -1: none came */
	char phrase[48]; /* printable ASCII, as is the next */
	char server[64]; /* of Server or User-Agent, or "" */
};

/* By value. */
struct trace_report {
	char address[TRACE_ADDRESS]; /* of the peer, with port */
	char local[TRACE_ADDRESS];   /* that we sent from, with port; over TCP without */
	const char *transport;	     /* "udp", "tcp", "tls"; static */
	bool v6;
	bool ended;	 /* there is no more to come */
	int err;	 /* why it could not go on, an errno value; 0: it did */
	bool one_by_one; /* routers return too little of a packet to tell two apart */
	uint16_t bytes;	 /* of the request; 0 over TCP and TLS */
	uint8_t count;	 /* of hops in use */
	uint8_t sip_count;
	uint8_t reply_ttl; /* of the peer's answer over UDP; 0: unknown */
	uint32_t path_mtu; /* as far as this machine knows; 0: not at all */
	int64_t begun_unix_ns;
	struct trace_hop hops[TRACE_HOPS]; /* the first with TTL 1 */
	struct trace_sip_hop sip[TRACE_SIP_HOPS];
};

/* The longest of the usual first TTLs that @ttl can come from: 64, 128 or 255. */
static inline unsigned trace_first_ttl(uint8_t ttl)
{
	return ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
}

/* Routers that an answer with this TTL passed. @ttl: not 0 */
static inline unsigned trace_reply_hops(uint8_t ttl)
{
	return trace_first_ttl(ttl) - ttl;
}

/* "router", "rejected", …: for machines. */
const char *trace_answer_name(enum trace_answer a);

/* What an ICMP error says, in words: "administratively prohibited". Static. */
const char *trace_icmp_words(bool v6, uint8_t type, uint8_t code);

/* The TTL at which something ended the way, from 1; 0: nothing did. */
unsigned trace_end(const struct trace_report *r);

/* The last TTL at which anybody spoke; 0: nobody did. */
unsigned trace_last_heard(const struct trace_report *r);

enum { TRACE_WORDS = 200 };

/*
 * Where the way ends, of a trace that has ended: "lost after 10.70.2.2 (hop 2)",
 * "rejected by 10.70.3.2 (hop 3): administratively prohibited", "refused by 10.70.4.2
 * (hop 4): nothing listens there", "answered by 10.70.4.2 (hop 4)".
 *
 * @out: TRACE_WORDS of room
 */
void trace_words(char *out, size_t size, const struct trace_report *r);

#endif

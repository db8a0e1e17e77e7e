/* A UDP socket of ours, and what was told of it. */
#ifndef TESTS_UNIT_SIPPROBE_TRANSPORT_UDP_END_H
#define TESTS_UNIT_SIPPROBE_TRANSPORT_UDP_END_H

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/udp_private.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

struct end {
	struct udp *udp;
	unsigned datagrams, errors;
	char last[128];
	size_t last_len;
	struct sa from;
	int64_t rx_ns;
	int err;
	bool close; /* in the handler */
};

static inline void datagram_h(struct udp *u, const struct sa *src, const char *buf,
			      size_t len, int64_t rx_ns, void *arg)
{
	struct end *e = arg;

	(void)u;
	e->datagrams++;
	e->from = *src;
	e->last_len = len;
	(void)snprintf(e->last, sizeof(e->last), "%.*s", (int)len, buf);
	e->rx_ns = rx_ns;
	if (e->close)
		e->udp = mem_deref(e->udp);
}

static inline void error_h(struct udp *u, const struct sa *dst, int err, const char *buf,
			   size_t len, void *arg)
{
	struct end *e = arg;

	(void)u;
	e->errors++;
	e->from = *dst;
	e->err = err;
	(void)snprintf(e->last, sizeof(e->last), "%.*s", (int)len, buf);
}

static const struct udp_events events = {datagram_h, error_h};

static inline bool end_open(struct end *e, const char *address)
{
	struct sa sa;

	*e = (struct end){.udp = NULL};
	sa_set_str(&sa, address, 0);
	return !udp_socket(&e->udp, &sa, &events, e);
}

static inline bool has_datagram(void *arg)
{
	return ((struct end *)arg)->datagrams;
}

static inline bool has_error(void *arg)
{
	return ((struct end *)arg)->errors;
}

static inline bool has_many(void *arg)
{
	return ((struct end *)arg)->datagrams >= 300;
}

#endif

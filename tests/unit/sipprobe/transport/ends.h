/* Sockets of the engine under virtual time, and what arrived at them. */
#ifndef TESTS_UNIT_SIPPROBE_TRANSPORT_ENDS_H
#define TESTS_UNIT_SIPPROBE_TRANSPORT_ENDS_H

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipprobe/message/guard.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/stream.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/descriptors.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

enum { LISTEN_MAX = 4 };

/* Sockets, and what arrived at them. */
struct ends {
	struct ticker *ticker;
	struct tls_cache *tls;
	struct sockets *sockets;
	struct config_listen listen[LISTEN_MAX];
	struct config_sip sip;
	char err[128];
	bool strangers; /* nobody may connect */
	bool proves;	/* but for who shows a certificate */
	bool answers;	/* a response is somebody's */
	int open;	/* descriptors, before any of it */
	unsigned datagrams, icmps, accepts, requests, responses, strays[ENGINE_STRAYS];
	int icmp;
};

static inline void datagram_h(struct udp *u, const struct sa *src, const char *buf,
			      size_t len, int64_t rx_ns, void *arg)
{
	(void)u, (void)src, (void)buf, (void)len, (void)rx_ns;
	((struct ends *)arg)->datagrams++;
}

static inline void icmp_h(const struct sa *dst, int err, const char *buf, size_t len,
			  void *arg)
{
	(void)dst, (void)buf, (void)len;
	((struct ends *)arg)->icmps++;
	((struct ends *)arg)->icmp = err;
}

static inline bool known_h(const struct sa *peer, void *arg)
{
	struct ends *e = arg;

	(void)peer;
	e->accepts++;
	return !e->strangers;
}

static inline bool proven_h(struct stream *s, void *arg)
{
	(void)s;
	return ((struct ends *)arg)->proves;
}

static inline void request_h(struct stream *s, enum config_transport transport,
			     const struct guard_message *m, void *arg)
{
	(void)s, (void)m;
	((struct ends *)arg)->requests += transport == CONFIG_TRANSPORT_TCP;
}

static inline bool response_h(struct stream *s, const struct guard_message *m,
			      int64_t rx_ns, void *arg)
{
	struct ends *e = arg;

	(void)s, (void)rx_ns;
	e->responses += m->code == 200;
	return e->answers;
}

static inline void stray_h(enum engine_stray why, void *arg)
{
	((struct ends *)arg)->strays[why]++;
}

static inline void refused_h(enum engine_stray why, const struct sa *peer, void *arg)
{
	(void)peer;
	((struct ends *)arg)->strays[why]++;
}

static const struct arrivals arrivals = {
	.datagram_h = datagram_h,
	.icmp_h = icmp_h,
	.known_h = known_h,
	.proven_h = proven_h,
	.request_h = request_h,
	.response_h = response_h,
	.stray_h = stray_h,
	.refused_h = refused_h,
};

static inline void ends_open(struct ends *e)
{
	loop_turn(); /* which has a descriptor of its own */
	*e = (struct ends){.sip = {.listen = e->listen}, .open = descriptors_open()};
	if (ticker_alloc(&e->ticker) || tls_cache_alloc(&e->tls) ||
	    sockets_alloc(&e->sockets, e->ticker, &arrivals, e))
		puts("# no sockets");
}

static inline void ends_close(struct ends *e)
{
	mem_deref(e->sockets);
	mem_deref(e->tls);
	mem_deref(e->ticker);
	is_int(descriptors_open(), e->open, "all that was open is closed");
}

/* Listens on just these. Returns what sockets_prepare() does. */
static inline int ends_prepare(struct ends *e, const struct config_listen *listen,
			       size_t count)
{
	memcpy(e->listen, listen, count * sizeof(*listen));
	e->sip.listen_count = count;
	e->err[0] = '\0';
	return sockets_prepare(e->sockets, &e->sip, e->tls, e->err, sizeof(e->err));
}

/* The nth address listened on, by its text "tcp:127.0.0.1:40000". */
static const struct sa *ends_address(const struct ends *e, size_t n)
{
	static struct sa sa;
	const char *text = sockets_listening(e->sockets, n);

	(void)sa_decode(&sa, text ? text + 4 : "", text ? strlen(text + 4) : 0);
	return &sa;
}

static inline int dial(const struct sa *sa)
{
	int fd = socket(sa_af(sa), SOCK_STREAM, 0);

	if (connect(fd, &sa->u.sa,
		    sa_af(sa) == AF_INET ? sizeof(sa->u.in) : sizeof(sa->u.in6)))
		perror("connect");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static inline bool is_closed(void *arg)
{
	char byte;
	ssize_t n = recv(*(int *)arg, &byte, 1, MSG_PEEK);

	return !n || (n < 0 && errno != EAGAIN);
}

static inline bool has_datagram(void *arg)
{
	return ((struct ends *)arg)->datagrams;
}

static inline bool has_icmp(void *arg)
{
	return ((struct ends *)arg)->icmps;
}

static inline bool has_accepted(void *arg)
{
	return ((struct ends *)arg)->accepts;
}

static inline bool has_request(void *arg)
{
	return ((struct ends *)arg)->requests;
}

static inline bool has_response(void *arg)
{
	return ((struct ends *)arg)->responses;
}

static inline bool has_stray(void *arg)
{
	const struct ends *e = arg;

	return e->strays[ENGINE_STRAY_RESPONSE] + e->strays[ENGINE_STRAY_MALFORMED];
}

#define UDP_LOCAL ((struct config_listen){CONFIG_TRANSPORT_UDP, "127.0.0.1", 0})
#define TCP_LOCAL ((struct config_listen){CONFIG_TRANSPORT_TCP, "127.0.0.1", 0})
#define TLS_LOCAL ((struct config_listen){CONFIG_TRANSPORT_TLS, "127.0.0.1", 0})

#endif

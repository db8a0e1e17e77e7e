#include "sipprobe/way/mirror_ask.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/message/request.h"
#include "sipprobe/transport/local_sockets.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/udp.h"

enum {
	ASK_TRIES = 3,	  /* of a question over UDP */
	ASK_BYTES = 8192, /* of an answer over TCP */
	ASK_INDEX = 0xfd, /* no target has a number so high */
};

#define ASK_TRY_NS (1000 * CLOCK_NS_PER_MS)

struct mirror_ask {
	struct mirror_request rq;
	struct wheel_timer timer;
	struct udp *udp; /* borrowed; good while the tap is on it; or NULL */
	struct udp_tap tap;
	int fd; /* over TCP; -1: none */
	struct sa local;
	struct request request;
	char plain_key[REQUEST_KEY_LEN]; /* of the first question, once it was answered */
	struct mirror_answer answers[2]; /* plain, canary */
	unsigned at;
	unsigned tries;
	size_t have;
	uint8_t zeros; /* in a row before them */
	mirror_ask_h *h;
	void *arg;
	char in[ASK_BYTES];
};

static void ask_go_on(struct mirror_ask *a);

static void mirror_ask_destructor(void *arg)
{
	struct mirror_ask *a = arg;

	list_unlink(&a->tap.le);
	if (a->rq.ticker)
		ticker_cancel(a->rq.ticker, &a->timer);
	if (a->fd >= 0) {
		fd_close(a->fd);
		(void)close(a->fd);
	}
	request_free(&a->request);
}

static void ask_end(struct mirror_ask *a)
{
	a->h(mirror_judge(&a->answers[0], &a->answers[1]), a->arg);
	mem_deref(a);
}

static void ask_end_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	ask_end(wheel_owner(timer, struct mirror_ask, timer));
}

static void ask_next_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	ask_go_on(wheel_owner(timer, struct mirror_ask, timer));
}

/* From a handler of the socket: what is next comes when that is done. */
static void ask_answered(struct mirror_ask *a, const struct guard_message *answer)
{
	struct guard_message sent;

	if (answer->code < 200 ||
	    guard_datagram(&sent, a->request.buf, a->request.len, NULL))
		return;
	mirror_compare(&a->answers[a->at], &sent, answer);
	a->at++;
	a->tries = 0;
	ticker_start(a->rq.ticker, &a->timer, clock_monotonic_ns(),
		     a->at < 2 ? ask_next_h : ask_end_h);
}

static bool ask_has(const char *buf, size_t len, const char *key)
{
	return memmem(buf, len, key, REQUEST_KEY_LEN) != NULL;
}

static bool ask_is_ours(const struct mirror_ask *a, const char *buf, size_t len)
{
	return a->request.buf && (ask_has(buf, len, request_key(&a->request)) ||
				  (a->plain_key[0] && ask_has(buf, len, a->plain_key)));
}

static bool ask_datagram_h(const struct sa *src, const char *buf, size_t len,
			   int64_t rx_ns, void *arg)
{
	struct mirror_ask *a = arg;
	struct guard_message m;

	(void)src;
	(void)rx_ns;
	if (!ask_is_ours(a, buf, len))
		return false;
	/* Not another answer to the question before, nor before the next is asked. */
	if (a->at < 2 && a->tries && ask_has(buf, len, request_key(&a->request)) &&
	    !guard_datagram(&m, buf, len, NULL) && !m.request)
		ask_answered(a, &m);
	return true;
}

static bool ask_error_h(const struct sa *dst, const struct udp_icmp *icmp,
			const char *buf, size_t len, void *arg)
{
	(void)dst;
	(void)icmp;
	return ask_is_ours(arg, buf, len);
}

static int ask_make(struct mirror_ask *a)
{
	char host[64];
	const struct request_info info = {
		.method = "OPTIONS",
		.trunk = a->rq.trunk,
		.transport = a->rq.transport,
		.local = &a->local,
		.peer = &a->rq.peer,
		.index = (uint32_t)ASK_INDEX << 24,
		.agent = a->rq.agent,
		.sent_by = a->at ? MIRROR_CANARY : NULL,
		.call_id_host = host,
	};
	int err;

	(void)re_snprintf(host, sizeof(host), "%j", &a->local);
	if (a->at)
		memcpy(a->plain_key, request_key(&a->request), sizeof(a->plain_key));
	request_free(&a->request);
	err = request_make(&a->request, &info);
	return err ? err : request_stamp(&a->request);
}

static int ask_send_udp(struct mirror_ask *a)
{
	int err = 0;

	if (!a->tap.le.list)
		return ECONNABORTED;
	if (!a->tries)
		err = ask_make(a);
	return err ? err
		   : udp_transmit(a->udp, &a->rq.peer, a->request.buf, a->request.len,
				  a->rq.trunk->settings->dscp);
}

static int ask_send_tcp(struct mirror_ask *a)
{
	int err = a->tries ? ETIMEDOUT : ask_make(a);

	if (!err && send(a->fd, a->request.buf, a->request.len,
			 MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)a->request.len)
		err = EIO;
	return err;
}

/* Asks, or asks again; who does not answer says nothing. */
static void ask_go_on(struct mirror_ask *a)
{
	int err = a->udp ? ask_send_udp(a) : ask_send_tcp(a);

	if (err || a->tries++ == ASK_TRIES) {
		ask_end(a);
		return;
	}
	ticker_start(a->rq.ticker, &a->timer,
		     clock_monotonic_ns() + (a->udp ? ASK_TRY_NS : 3 * ASK_TRY_NS),
		     ask_next_h);
}

/* What is behind the first bytes comes to the front. */
static void ask_drop(struct mirror_ask *a, size_t n)
{
	a->have -= n;
	memmove(a->in, a->in + n, a->have);
}

/*
 * Takes the answers that are there whole: a 1xx and what is behind it may come in one
 * piece. Returns whether more may come.
 */
static bool ask_take_all(struct mirror_ask *a)
{
	for (;;) {
		struct guard_message m;
		int err;

		ask_drop(a, guard_idle_bytes(a->in, a->have, &a->zeros));
		err = a->have ? guard_stream(&m, a->in, a->have, NULL) : EAGAIN;
		if (err == EAGAIN)
			return a->have < sizeof(a->in);
		if (err || m.request || !ask_is_ours(a, a->in, m.size))
			return false;
		/* Not another answer to the question before, nor before the next. */
		if (a->at < 2 && a->tries &&
		    ask_has(a->in, m.size, request_key(&a->request)))
			ask_answered(a, &m);
		ask_drop(a, m.size);
	}
}

static void ask_read_h(int flags, void *arg)
{
	struct mirror_ask *a = arg;
	ssize_t n = recv(a->fd, a->in + a->have, sizeof(a->in) - a->have, MSG_DONTWAIT);

	(void)flags;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		fd_close(a->fd);
		ticker_start(a->rq.ticker, &a->timer, clock_monotonic_ns(), ask_end_h);
		return;
	}
	a->have += (size_t)n;
	if (!ask_take_all(a))
		ticker_start(a->rq.ticker, &a->timer, clock_monotonic_ns(), ask_end_h);
}

static void ask_connected_h(int flags, void *arg)
{
	struct mirror_ask *a = arg;
	struct sockaddr_in6 name = {0};
	socklen_t len = sizeof(name), size = sizeof(int);
	int err = 0;

	(void)flags;
	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &err, &size))
		err = errno;
	fd_close(a->fd);
	if (!err && (getsockname(a->fd, (struct sockaddr *)&name, &len) ||
		     sa_set_sa(&a->local, (struct sockaddr *)&name)))
		err = EIO;
	if (!err)
		err = fd_listen(a->fd, FD_READ, ask_read_h, a);
	ticker_start(a->rq.ticker, &a->timer, clock_monotonic_ns(),
		     err ? ask_end_h : ask_next_h);
}

/* The trunk's address, but not its port: its own connection may have that. */
static int ask_bind(const struct mirror_ask *a)
{
	const struct config_local *want = &a->rq.trunk->settings->local;
	struct sa sa;
	int err;

	if (!local_sockets_wanted(want))
		return 0;
	err = local_sockets_address(&sa, want, sa_af(&a->rq.peer));
	if (err)
		return err;
	sa_set_port(&sa, 0);
	return bind(a->fd, &sa.u.sa, sa.len) ? errno : 0;
}

static int ask_open_tcp(struct mirror_ask *a)
{
	const struct sa *peer = &a->rq.peer;
	int err;

	a->fd = socket(sa_af(peer), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return errno;
	err = ask_bind(a);
	if (!err && connect(a->fd, &peer->u.sa, peer->len) && errno != EINPROGRESS)
		err = errno;
	if (!err)
		err = fd_listen(a->fd, FD_WRITE | FD_EXCEPT, ask_connected_h, a);
	if (!err)
		ticker_start(a->rq.ticker, &a->timer,
			     clock_monotonic_ns() + 3 * ASK_TRY_NS, ask_end_h);
	return err;
}

static int ask_open_udp(struct mirror_ask *a)
{
	int err = sockets_udp_for(a->rq.sockets, &a->udp, &a->local, &a->rq.peer,
				  &a->rq.trunk->settings->local);

	if (err)
		return err;
	udp_tap(a->udp, &a->tap);
	ticker_start(a->rq.ticker, &a->timer, clock_monotonic_ns(), ask_next_h);
	return 0;
}

int mirror_ask_start(struct mirror_ask **ap, const struct mirror_request *rq,
		     mirror_ask_h *h, void *arg)
{
	struct mirror_ask *a = mem_zalloc(sizeof(*a), mirror_ask_destructor);
	int err;

	if (!a)
		return ENOMEM;
	a->fd = -1;
	a->rq = *rq;
	a->h = h;
	a->arg = arg;
	a->tap = (struct udp_tap){
		.datagram_h = ask_datagram_h, .error_h = ask_error_h, .arg = a};
	err = rq->transport == CONFIG_TRANSPORT_UDP ? ask_open_udp(a) : ask_open_tcp(a);
	if (err)
		mem_deref(a);
	else
		*ap = a;
	return err;
}

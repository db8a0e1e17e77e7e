/* A set of inbound connections behind a listener, whose owner says who comes in. */
#ifndef TESTS_UNIT_SIPPROBE_TRANSPORT_HOUSE_H
#define TESTS_UNIT_SIPPROBE_TRANSPORT_HOUSE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/listener.h"
#include "sipprobe/transport/stream_private.h"
#include "tests/unit/tap.h"

#define REQUEST                                                                          \
	"OPTIONS sip:b@b.example SIP/2.0\r\n"                                            \
	"Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"                            \
	"From: <sip:a@a.example>;tag=1\r\n"                                              \
	"To: <sip:b@b.example>\r\n"                                                      \
	"Call-ID: 1@a.example\r\n"                                                       \
	"CSeq: 1 OPTIONS\r\n"                                                            \
	"Max-Forwards: 70\r\n"                                                           \
	"Content-Length: 0\r\n\r\n"

struct house {
	struct turns *turns;
	struct inbound *in;
	struct listener *l;
	bool closed_to_all;
	bool leave_at_message;
	enum inbound_rank rank;
	bool proves;
	unsigned asked, messages, closes, refused[ENGINE_STRAYS];
	enum probe_outcome why;
	struct sa last, refused_peer;
	bool tls;			     /* of who was asked for last */
	const struct turns_account *account; /* of the last message's connection */
};

static inline enum inbound_rank rank_h(const struct sa *peer, bool tls, void *arg)
{
	struct house *h = arg;

	h->asked++;
	h->tls = tls;
	h->last = *peer;
	return h->closed_to_all ? INBOUND_REFUSED : h->rank;
}

static inline bool proven_h(struct stream *s, void *arg)
{
	(void)s;
	return ((struct house *)arg)->proves;
}

static inline void refused_h(enum engine_stray why, const struct sa *peer, void *arg)
{
	struct house *h = arg;

	h->refused[why]++;
	h->refused_peer = *peer;
}

static inline void message_h(struct stream *s, const struct guard_message *m,
			     int64_t rx_ns, void *arg)
{
	struct house *h = arg;

	(void)rx_ns;
	h->messages += m->request;
	h->account = s->account;
	if (h->leave_at_message)
		h->in = mem_deref(h->in);
}

static inline void closed_h(struct stream *s, enum probe_outcome why, int err,
			    const char *detail, void *arg)
{
	struct house *h = arg;

	(void)s, (void)err, (void)detail;
	h->closes++;
	h->why = why;
}

static const struct inbound_events events = {
	.rank_h = rank_h,
	.proven_h = proven_h,
	.message_h = message_h,
	.closed_h = closed_h,
	.refused_h = refused_h,
};

struct countdown {
	struct tmr tmr;
	int left;
};

static inline void turn_h(void *arg)
{
	struct countdown *t = arg;

	if (--t->left < 0)
		re_cancel();
	else
		tmr_start(&t->tmr, 1, turn_h, t);
}

static inline void turn(int turns)
{
	struct countdown t = {.left = turns};

	tmr_init(&t.tmr);
	tmr_start(&t.tmr, 0, turn_h, &t);
	re_main(NULL);
	tmr_cancel(&t.tmr);
}

/* Runs the loop until a count is reached, 5 s at the most, and a little on. */
static inline void reach(const unsigned *count, unsigned want)
{
	int64_t end_ns = clock_monotonic_ns() + 5 * CLOCK_NS_PER_S;

	while (*count < want && clock_monotonic_ns() < end_ns)
		turn(0);
	turn(2);
}

static inline int open_house(struct house *h, const char *host, struct tls_profile *tls)
{
	struct sa sa;
	int err;

	*h = (struct house){.rank = INBOUND_KNOWN};
	sa_set_str(&sa, host, 0);
	turns_alloc(&h->turns);
	inbound_alloc(&h->in, h->turns, &events, h);
	err = listener_alloc(&h->l, &sa, tls, h->in);
	if (err) {
		h->in = mem_deref(h->in);
		h->turns = mem_deref(h->turns);
	}
	return err;
}

static inline void close_house(struct house *h)
{
	h->l = mem_deref(h->l);
	h->in = mem_deref(h->in);
	h->turns = mem_deref(h->turns);
}

static inline int dial_from(const struct house *h, const char *from)
{
	const struct sa *sa = listener_local(h->l);
	int fd = socket(sa_af(sa), SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sa local;

	if (from && !sa_set_str(&local, from, 0) && bind(fd, &local.u.sa, local.len))
		perror("bind");
	if (connect(fd, &sa->u.sa, sa->len)) {
		close(fd);
		return -1;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static inline int dial(const struct house *h)
{
	return dial_from(h, NULL);
}

/* "open", "reset", "closed" or "bytes": how a peer finds its connection. */
static const char *state_of(int fd)
{
	char buf[64];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n > 0)
		return "bytes";
	if (!n)
		return "closed";
	return errno == EAGAIN ? "open" : "reset";
}

/* Connects from the nth address of the nth network, and lets it arrive. */
static inline int dial_as(struct house *h, enum inbound_rank rank, unsigned net,
			  unsigned n)
{
	char from[48];
	int fd;

	h->rank = rank;
	snprintf(from, sizeof(from), "127.%u.0.%u", net, n);
	fd = dial_from(h, from);
	reach(&h->asked, h->asked + 1);
	return fd;
}

#endif

/* Streams against sockets of the test's own over loopback, on libre's loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/stream_private.h"
#include "tests/support/ca.h"
#include "tests/unit/tap.h"

#define MESSAGE                                                                          \
	"SIP/2.0 200 OK\r\n"                                                             \
	"Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"                            \
	"From: <sip:a@a.example>;tag=1\r\n"                                              \
	"To: <sip:b@b.example>;tag=2\r\n"                                                \
	"Call-ID: 1@a.example\r\n"                                                       \
	"CSeq: 1 OPTIONS\r\n"                                                            \
	"Content-Length: 4\r\n\r\nbody"

enum { MESSAGE_LEN = sizeof(MESSAGE) - 1 };

/* Where a test lets go of its stream from inside a handler. */
enum drop { DROP_NEVER, DROP_UP, DROP_MESSAGE, DROP_CLOSED };

/* What one side saw. */
struct side {
	struct stream *s;
	enum drop drop;
	unsigned ups, messages, closes;
	enum probe_outcome why;
	int err;
	char detail[128];
	int64_t rx_ns;
	struct stream_report report;
	bool echo; /* answers each message with the same */
};

static char dir[64];

static void drop_at(struct side *w, enum drop here)
{
	if (w->drop == here)
		w->s = mem_deref(w->s);
}

static void up_h(struct stream *s, void *arg)
{
	struct side *w = arg;

	w->ups++;
	w->report = *stream_report(s);
	drop_at(w, DROP_UP);
}

static void message_h(struct stream *s, const struct guard_message *m, int64_t rx_ns,
		      void *arg)
{
	struct side *w = arg;

	w->messages++;
	w->rx_ns = rx_ns;
	if (w->echo)
		stream_send(s, MESSAGE, MESSAGE_LEN, NULL);
	if (m->size < MESSAGE_LEN)
		w->messages += 1000;
	drop_at(w, DROP_MESSAGE);
}

static void closed_h(struct stream *s, enum probe_outcome why, int err,
		     const char *detail, void *arg)
{
	struct side *w = arg;

	w->closes++;
	w->why = why;
	w->err = err;
	w->report = *stream_report(s);
	snprintf(w->detail, sizeof(w->detail), "%s", detail);
	drop_at(w, DROP_CLOSED);
}

static const struct stream_events events = {up_h, message_h, closed_h};

/* Runs the loop until something holds, looking every turn, 5 s at the most. */
struct wait {
	bool (*until)(void *arg);
	void *arg;
	int64_t end_ns;
	struct tmr tmr;
	bool met;
};

static void wait_h(void *arg)
{
	struct wait *w = arg;

	w->met = w->until(w->arg);
	if (w->met || clock_monotonic_ns() > w->end_ns)
		re_cancel();
	else
		tmr_start(&w->tmr, 1, wait_h, w);
}

static bool wait_for(bool (*until)(void *arg), void *arg)
{
	struct wait w = {until, arg, clock_monotonic_ns() + 5 * CLOCK_NS_PER_S};

	tmr_init(&w.tmr);
	tmr_start(&w.tmr, 0, wait_h, &w);
	re_main(NULL);
	tmr_cancel(&w.tmr);
	return w.met;
}

static bool has_turned(void *arg)
{
	int *turns = arg;

	return --*turns < 0;
}

static void turn(int turns)
{
	wait_for(has_turned, &turns);
}

static bool is_up(void *arg)
{
	const struct side *w = arg;

	return w->ups || w->closes;
}

static bool is_closed(void *arg)
{
	const struct side *w = arg;

	return w->closes;
}

/* Runs the loop until a count is reached, 5 s at the most, and a little on. */
static void reach(const unsigned *count, unsigned want)
{
	int64_t end_ns = clock_monotonic_ns() + 5 * CLOCK_NS_PER_S;

	while (*count < want && clock_monotonic_ns() < end_ns)
		turn(0);
	turn(2);
}

static int listen_on(const char *host, struct sa *sa)
{
	int fd;

	sa_set_str(sa, host, 0);
	fd = socket(sa_af(sa), SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, &sa->u.sa, sa->len) || listen(fd, 16)) {
		perror("listen");
		exit(2);
	}
	sa->len = sizeof(sa->u);
	getsockname(fd, &sa->u.sa, &sa->len);
	return fd;
}

/* A stream to a socket that the test holds. */
static int plain_pair(struct side *w, int listen_fd, const struct sa *sa)
{
	if (stream_connect(&w->s, sa, NULL, NULL, NULL, &events, w))
		return -1;
	wait_for(is_up, w);
	return accept(listen_fd, NULL, NULL);
}

static void reset(int fd)
{
	const struct linger l = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

/* A request whose CSeq is another's, without the end of its head. */
#define FAULTY                                                                           \
	"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKx\r\n"                \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 INFO\r\n"
#define LENGTH "Content-Length: 0\r\n\r\n"

static const struct frame_case {
	const char *title;
	const char *bytes;
	unsigned messages;
	const char *detail; /* of PROBE_PROTOCOL; NULL: stays open */
	const char *answer;
} frame_cases[] = {
	{"one message", MESSAGE, 1},
	{"three at once", MESSAGE MESSAGE MESSAGE, 3},
	{"line ends before", "\r\n" MESSAGE, 1},
	{"line ends between", MESSAGE "\r\n" MESSAGE "\r\n", 2},
	{"ping", "\r\n\r\n", 0, NULL, "\r\n"},
	{"pings around", "\r\n\r\n" MESSAGE "\r\n\r\n", 1, NULL, "\r\n"},
	{"ping and line end", "\r\n\r\n\r\n" MESSAGE, 1, NULL, "\r\n"},
	{"line end only", "\r\n", 0, NULL, ""},
	{"garbage", "garbage\r\n\r\n", 0, ""},
	{"HTTP", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 0, ""},
	{"TLS to a plain port", "\x15\x03\x01", 0, ""},
	{"garbage behind a message", MESSAGE "\x01", 1, ""},
	{"CR alone", "\r" MESSAGE, 1},
	{"CR in the wrong place", "\r\r\n" MESSAGE, 1, NULL, ""},
	{"LF in the wrong place", MESSAGE "\n\r\n" MESSAGE, 2, NULL, ""},
	{"white space", " \t" MESSAGE " \r\n" MESSAGE, 2, NULL, ""},
	{"a request that is wrong", FAULTY LENGTH MESSAGE, 1002},
	{"one without an end", FAULTY "\r\n", 1001, "CSeq names another method"},
};

static void send_bytes(int fd, const char *bytes, bool singly, const struct side *w)
{
	size_t len = strlen(bytes), step = singly ? 1 : len;

	for (size_t i = 0; i < len && !w->closes; i += step) {
		if (send(fd, bytes + i, step, MSG_NOSIGNAL) < 0)
			return;
		if (singly)
			turn(0);
	}
}

static void check_frame(const struct frame_case *t, int listen_fd, const struct sa *sa,
			bool singly)
{
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);
	char answer[64];
	ssize_t n;

	send_bytes(fd, t->bytes, singly, &w);
	reach(&w.messages, t->messages);
	reach(&w.closes, t->detail != NULL);
	is_int(w.messages, t->messages, t->title);
	is_int(w.closes, t->detail != NULL, t->title);
	if (t->detail)
		is_int(w.why, PROBE_PROTOCOL, t->title);
	if (t->detail && t->detail[0])
		is_str(w.detail, t->detail, t->title);
	n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
	answer[n > 0 ? n : 0] = '\0';
	if (t->answer && (!singly || strlen(t->answer) == 0))
		is_str(answer, t->answer, t->title);
	mem_deref(w.s);
	close(fd);
}

/* Zeros hold a connection; behind half a ping they make it none (pjsip's CR LF NUL). */
static void check_zeros(int listen_fd, const struct sa *sa)
{
	static const char bytes[] = "\r\n\0\r\n\0\0\0" MESSAGE "\0\0\r\n\r\n";
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);
	char answer[8];

	send(fd, bytes, 8, MSG_NOSIGNAL);
	turn(10);
	is_int(recv(fd, answer, sizeof(answer), MSG_DONTWAIT), -1, "no ping");
	send(fd, bytes + 8, sizeof(bytes) - 9, MSG_NOSIGNAL);
	reach(&w.messages, 1);
	is_int(w.messages * 10 + w.closes, 10, "a message between zeros");
	is_int(recv(fd, answer, sizeof(answer), MSG_DONTWAIT), 2, "and a ping after");
	mem_deref(w.s);
	close(fd);
}

/* Two answers to pings of ours are no ping, unless they come within a second. */
static void check_two_answers(int listen_fd, const struct sa *sa)
{
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);
	int64_t at_ns = clock_monotonic_ns();
	char answer[8];

	mem_ref(w.s); /* as the event that read it has */
	stream_feed(w.s, "\r\n", 2, at_ns);
	stream_feed(w.s, "\r\n", 2, at_ns + CLOCK_NS_PER_S + 1);
	is_int(recv(fd, answer, sizeof(answer), MSG_DONTWAIT), -1, "no ping");
	stream_feed(w.s, "\r\n", 2, at_ns + 2 * CLOCK_NS_PER_S + 1);
	is_int(recv(fd, answer, sizeof(answer), MSG_DONTWAIT), 2, "one, slowly");
	mem_deref(w.s);
	mem_deref(w.s);
	close(fd);
}

/* The peer leaves after every single byte of two messages. */
static void check_cuts(int listen_fd, const struct sa *sa)
{
	static const char bytes[] = MESSAGE MESSAGE;
	unsigned bad = 0;

	for (size_t cut = 0; cut < sizeof(bytes); cut++) {
		struct side w = {.drop = cut % 3 ? DROP_CLOSED : DROP_NEVER};
		int fd = plain_pair(&w, listen_fd, sa);

		if (cut)
			send(fd, bytes, cut, MSG_NOSIGNAL);
		if (cut % 2)
			reset(fd);
		else
			close(fd);
		wait_for(is_closed, &w);
		bad += w.closes != 1 || w.why != PROBE_CONNECT ||
		       w.messages != cut / MESSAGE_LEN ||
		       w.err != (cut % 2 ? ECONNRESET : 0) ||
		       strcmp(w.detail, cut % 2 ? "connection reset by the peer"
						: "connection closed by the peer");
		mem_deref(w.s);
	}
	is_int(bad, 0, "every cut is told once, as what it was");
}

/* A peer that drips a message of many fields byte by byte does not buy much time. */
static void check_drip(int listen_fd, const struct sa *sa)
{
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);
	char buf[16000];
	size_t len = MESSAGE_LEN - 8, i;
	double cpu_s;

	len -= sizeof("Content-Length: 4") - 1;
	memcpy(buf, MESSAGE, len);
	while (len < sizeof(buf) - 200)
		len += (size_t)sprintf(buf + len, "X-%zu: %0*d\r\n", len, 120, 0);
	len += (size_t)sprintf(buf + len, "Content-Length: 4\r\n\r\nbody");
	cpu_s = (double)clock() / CLOCKS_PER_SEC;
	for (i = 0; i < len && !w.closes; i++) {
		send(fd, buf + i, 1, MSG_NOSIGNAL);
		turn(0);
	}
	reach(&w.messages, 1);
	cpu_s = (double)clock() / CLOCKS_PER_SEC - cpu_s;
	is_int(w.messages, 1, "a dripped message is one");
	printf("# %.1f us of CPU a dripped byte, both sides\n",
	       cpu_s * 1e6 / (double)len);
	mem_deref(w.s);
	close(fd);
}

static void check_drops(int listen_fd, const struct sa *sa)
{
	for (int drop = DROP_UP; drop <= DROP_CLOSED; drop++) {
		struct side w = {.drop = drop};
		int fd = plain_pair(&w, listen_fd, sa);

		if (drop != DROP_UP)
			send(fd, MESSAGE MESSAGE, 2 * MESSAGE_LEN, MSG_NOSIGNAL);
		if (drop == DROP_CLOSED)
			shutdown(fd, SHUT_WR);
		reach(drop == DROP_UP ? &w.ups : &w.messages,
		      drop == DROP_CLOSED ? 2 : 1);
		reach(&w.closes, drop == DROP_CLOSED);
		ok(!w.s, "dropped inside handler %d", drop);
		is_int(w.messages,
		       drop == DROP_MESSAGE  ? 1
		       : drop == DROP_CLOSED ? 2
					     : 0,
		       "nothing after that");
		is_int(w.closes, drop == DROP_CLOSED, "nor a second end");
		close(fd);
	}
}

static void check_refused(void)
{
	struct side w = {.s = NULL};
	struct sa sa;
	int fd = listen_on("127.0.0.1", &sa);

	close(fd);
	is_int(stream_connect(&w.s, &sa, NULL, NULL, NULL, &events, &w), 0, "dead port");
	is_int(w.closes, 0, "no handler inside the call");
	is_int(stream_send(w.s, "x", 1, NULL), ENOTCONN, "nothing can be sent yet");
	wait_for(is_closed, &w);
	is_int(w.why, PROBE_REFUSED, "refused");
	is_int(w.err, ECONNREFUSED, "refused: errno");
	is_str(w.detail, "Connection refused", "refused: words");
	is_int(w.report.connect_ns, -1, "never connected");
	is_int(stream_send(w.s, "x", 1, NULL), ENOTCONN, "nothing can be sent after");
	mem_deref(w.s);
	is_int(stream_outcome_of(EHOSTUNREACH), PROBE_UNREACHABLE, "no host");
	is_int(stream_outcome_of(ENETUNREACH), PROBE_UNREACHABLE, "no route");
	is_int(stream_outcome_of(EACCES), PROBE_UNREACHABLE, "prohibited");
	is_int(stream_outcome_of(ETIMEDOUT), PROBE_CONNECT, "the rest");
}

/* The stamp is the arrival's, also when the loop comes 20 ms late. */
static void check_stamps(int listen_fd, const struct sa *sa)
{
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);
	int64_t sent_ns;

	/* The kernel begins to stamp a moment after the first socket asked for it. */
	usleep(20000);
	sent_ns = clock_monotonic_ns();
	send(fd, MESSAGE, MESSAGE_LEN, MSG_NOSIGNAL);
	usleep(20000);
	reach(&w.messages, 1);
	is_int(w.messages, 1, "a message came");
	ok(w.rx_ns >= sent_ns && w.rx_ns - sent_ns < 5 * CLOCK_NS_PER_MS,
	   "its stamp is the kernel's: %lld us after it was sent",
	   (long long)(w.rx_ns - sent_ns) / 1000);
	ok(w.report.connect_ns > 0 && w.report.connect_ns < CLOCK_NS_PER_S,
	   "connect phase");
	is_int(w.report.tls_ns, -1, "no TLS phase");
	ok(stream_rx_ns(w.s) == w.rx_ns, "last bytes are the message's");
	ok(sa_cmp(stream_peer(w.s), sa, SA_ALL), "peer");
	ok(sa_port(stream_local(w.s)) != 0, "local port is known");
	mem_deref(w.s);
	close(fd);
}

/* A peer that does not read: we queue, refuse past the bound, and deliver all later. */
static void check_queue(int listen_fd, const struct sa *sa)
{
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);
	static char block[32768];
	size_t sent = 0, got = 0;
	int64_t sent_ns = -7;
	int err;
	ssize_t n;

	memset(block, 'x', sizeof(block));
	while (!(err = stream_send(w.s, block, sizeof(block), NULL)) && sent < 64 << 20)
		sent += sizeof(block);
	is_int(err, ENOBUFS, "the queue is bounded");
	is_int(stream_send(w.s, block, sizeof(block), &sent_ns), ENOBUFS, "and stays so");
	is_int(sent_ns, -7, "out-parameter untouched");
	for (int i = 0; i < 5000 && got < sent; i++) {
		while ((n = recv(fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
			got += (size_t)n;
		turn(0);
	}
	ok(got == sent, "all %zu bytes arrive", sent);
	is_int(stream_send(w.s, block, 1, &sent_ns), 0, "and it takes more");
	ok(sent_ns > 0, "with the time it went out");
	mem_deref(w.s);
	close(fd);
}

/* TLS and WebSocket may add to what is admitted, up to twice of that. */
static void check_queue_bound(int listen_fd, const struct sa *sa)
{
	static const char block[32768];
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);
	size_t left;

	while (!stream_put(w.s, block, sizeof(block), NULL))
		;
	left = 2 * STREAM_QUEUE_MAX - w.s->out.len;
	for (; left > sizeof(block); left -= sizeof(block))
		stream_put(w.s, block, sizeof(block), NULL);
	is_int(stream_put(w.s, block, left, NULL), 0, "the queue takes all it may");
	is_int(stream_put(w.s, block, 1, NULL), ENOBUFS, "and not a byte more");
	mem_deref(w.s);
	close(fd);
}

static volatile sig_atomic_t pipes;

static void pipe_h(int sig)
{
	(void)sig;
	pipes++;
}

/* A peer that closes and then resets what we have still to write. */
static void check_no_signal(int listen_fd, const struct sa *sa)
{
	static const char block[32768];
	void (*before)(int) = signal(SIGPIPE, pipe_h);

	for (int queued = 0; queued < 2; queued++) {
		struct side w = {.s = NULL};
		int fd = plain_pair(&w, listen_fd, sa);

		while (queued && !stream_send(w.s, block, sizeof(block), NULL))
			;
		shutdown(fd, SHUT_WR);
		reset(fd);
		if (!queued)
			is_int(stream_send(w.s, MESSAGE, MESSAGE_LEN, NULL), 0, "sent");
		wait_for(is_closed, &w);
		is_int(w.closes, 1, "told by the handler");
		is_int(pipes, 0, "no signal ends us");
		mem_deref(w.s);
	}
	(void)signal(SIGPIPE, before);
}

/* The peer reset what we still write to: the read side tells it, once. */
static void check_write_after_reset(int listen_fd, const struct sa *sa)
{
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);

	reset(fd);
	usleep(1000);
	is_int(stream_send(w.s, MESSAGE, MESSAGE_LEN, NULL), 0, "no failure here");
	is_int(stream_send(w.s, MESSAGE, MESSAGE_LEN, NULL), 0, "nor at once after");
	wait_for(is_closed, &w);
	turn(1);
	is_int(w.closes, 1, "told by the handler, once");
	is_int(w.why, PROBE_CONNECT, "as broken");
	is_str(w.detail, "connection reset by the peer", "by the peer");
	mem_deref(w.s);
}

/* Who borrows a connection sees that it is gone, however it went. */
static void check_loans(int listen_fd, const struct sa *sa)
{
	struct stream_loan loans[3] = {{.stream = NULL}};
	struct side w = {.s = NULL};
	int fd = plain_pair(&w, listen_fd, sa);

	stream_give_back(&loans[0]);
	ok(!loans[0].stream, "what was never lent can be given back");
	for (int i = 0; i < 3; i++)
		stream_lend(&loans[i], w.s);
	stream_give_back(&loans[1]);
	ok(loans[0].stream == w.s && !loans[1].stream && loans[2].stream == w.s,
	   "one gave it back, two have it");
	close(fd);
	wait_for(is_closed, &w);
	ok(!loans[0].stream && !loans[2].stream, "the peer closed it");
	stream_lend(&loans[0], w.s);
	mem_deref(w.s);
	ok(!loans[0].stream, "its owner let go of it");
	stream_give_back(&loans[0]);
}

/* Certificates and profiles for the TLS part. */
static struct ca_cert root, leaf, late, middle, client;
static struct tls_profile *tls_client, *tls_client_cert, *tls_server, *tls_server_asks,
	*tls_server_late;

static struct tls_profile *profile(const char *ca, const char *pem, bool server)
{
	const struct config_tls conf = {
		.ca_file = ca, .cert_file = pem, .min_version = CONFIG_TLS_1_2};
	struct tls_profile *tp = NULL;
	char text[128] = "";

	if (tls_profile_alloc(&tp, &conf, server, text, sizeof(text))) {
		fprintf(stderr, "%s\n", text);
		exit(2);
	}
	return tp;
}

static void make_profiles(void)
{
	const struct ca_cert *chain_root[] = {&root, NULL}, *chain_leaf[] = {&leaf, NULL},
			     *chain_late[] = {&late, &middle, NULL},
			     *chain_client[] = {&client, NULL};
	char ca[128], a[128], b[128], c[128];

	ca_dir_make(dir);
	ca_make(&root, &(struct ca_spec){"Root", .authority = true}, NULL);
	ca_make(&middle, &(struct ca_spec){"Middle", NULL, NULL, true, -60, 3000}, &root);
	ca_make(&leaf, &(struct ca_spec){"sbc", "DNS:sbc.example,IP:127.0.0.1"}, &root);
	ca_make(&late, &(struct ca_spec){"sbc", "DNS:sbc.example"}, &middle);
	ca_make(&client, &(struct ca_spec){"me", "DNS:me.example"}, &root);
	ca_write(ca, dir, "root.pem", chain_root, NULL);
	ca_write(a, dir, "leaf.pem", chain_leaf, leaf.key);
	ca_write(b, dir, "late.pem", chain_late, late.key);
	ca_write(c, dir, "client.pem", chain_client, client.key);
	tls_client = profile(ca, NULL, false);
	tls_client_cert = profile(ca, c, false);
	tls_server = profile(NULL, a, true);
	tls_server_asks = profile(ca, a, true);
	tls_server_late = profile(NULL, b, true);
	ca_dir_remove(dir);
}

static void drop_profiles(void)
{
	mem_deref(tls_client);
	mem_deref(tls_client_cert);
	mem_deref(tls_server);
	mem_deref(tls_server_asks);
	mem_deref(tls_server_late);
	ca_drop(&root);
	ca_drop(&middle);
	ca_drop(&leaf);
	ca_drop(&late);
	ca_drop(&client);
}

static void tls_pair(struct side *c, struct side *d, struct tls_profile *client_tls,
		     struct tls_profile *server_tls, const char *name)
{
	struct sa sa;
	int listen_fd = listen_on("127.0.0.1", &sa);

	stream_connect(&c->s, &sa, NULL, client_tls, name, &events, c);
	stream_accept(&d->s, accept(listen_fd, NULL, NULL), server_tls, &events, d);
	wait_for(is_up, c);
	wait_for(is_up, d);
	close(listen_fd);
}

static void check_tls_good(void)
{
	struct side c = {.s = NULL}, d = {.echo = true};
	int64_t sent_ns = 0;

	tls_pair(&c, &d, tls_client, tls_server_late, "sbc.example");
	is_int(c.ups + d.ups, 2, "TLS: both sides are up");
	ok(c.report.tls_ns > 0 && c.report.connect_ns > 0, "TLS: both phases measured");
	ok(d.report.tls_ns > 0 && d.report.connect_ns == -1,
	   "TLS: accepted, no connect phase");
	ok(c.report.cert_not_after_s < clock_wall_ns() / CLOCK_NS_PER_S + 3001,
	   "TLS: the chain ends with its middle");
	is_int(c.report.tls_failure, TLS_FAILURE_NONE, "TLS: no failure");
	is_int(stream_send(c.s, MESSAGE, MESSAGE_LEN, &sent_ns), 0, "TLS: sent");
	reach(&c.messages, 1);
	is_int(d.messages, 1, "TLS: arrived");
	is_int(c.messages, 1, "TLS: answered");
	ok(c.rx_ns > sent_ns && c.rx_ns < clock_monotonic_ns(), "TLS: stamped");
	mem_deref(d.s);
	wait_for(is_closed, &c);
	is_int(c.why, PROBE_CONNECT, "TLS: the peer closed");
	is_str(c.detail, "connection closed by the peer", "TLS: in order");
	mem_deref(c.s);
}

static const struct tls_case {
	const char *title;
	struct tls_profile **client, **server;
	const char *name;
	enum tls_failure want;
	const char *detail;
	unsigned ups;
} tls_cases[] = {
	{"IP literal", &tls_client, &tls_server, "127.0.0.1", TLS_FAILURE_NONE, "", 1},
	{"wrong name", &tls_client, &tls_server, "a.example", TLS_FAILURE_NAME,
	 "certificate is for sbc.example, 127.0.0.1, not a.example", 0},
	{"mutual", &tls_client_cert, &tls_server_asks, "sbc.example", TLS_FAILURE_NONE,
	 "", 1},
	{"refused after the handshake", &tls_client, &tls_server_asks, "sbc.example",
	 TLS_FAILURE_HANDSHAKE,
	 "handshake refused by the peer: alert certificate required", 1},
};

static void check_tls(const struct tls_case *t)
{
	struct side c = {.s = NULL}, d = {.s = NULL};
	int64_t sent_ns;

	tls_pair(&c, &d, *t->client, *t->server, t->name);
	if (t->want != TLS_FAILURE_NONE && t->ups)
		stream_send(c.s, MESSAGE, MESSAGE_LEN, &sent_ns);
	if (t->want != TLS_FAILURE_NONE)
		wait_for(is_closed, &c);
	is_int(c.ups, t->ups, t->title);
	is_int(c.closes, t->want != TLS_FAILURE_NONE, t->title);
	is_int(c.report.tls_failure, t->want, t->title);
	is_str(c.detail, t->detail, t->title);
	if (c.closes)
		is_int(c.why, PROBE_TLS, t->title);
	mem_deref(c.s);
	mem_deref(d.s);
}

/* The accepting side leaves during the handshake, in one way or the other. */
static void check_tls_left(int listen_fd, const struct sa *sa)
{
	for (int hard = 0; hard < 2; hard++) {
		struct side c = {.s = NULL};
		int fd;

		stream_connect(&c.s, sa, NULL, tls_client, "sbc.example", &events, &c);
		fd = accept(listen_fd, NULL, NULL);
		turn(2);
		if (!hard)
			shutdown(fd, SHUT_WR);
		else
			reset(fd);
		wait_for(is_closed, &c);
		is_int(c.why, PROBE_TLS, "left during the handshake");
		is_int(c.report.tls_failure, TLS_FAILURE_HANDSHAKE, "its cause");
		is_str(c.detail,
		       hard ? "connection reset by the peer during the handshake"
			    : "connection closed by the peer during the handshake",
		       "its sentence");
		mem_deref(c.s);
		if (!hard)
			close(fd);
	}
}

/* A relay that lets only so many bytes of the server's pass. */
struct relay {
	int fd[2];
	size_t left;
	bool ended;
};

static void relay_end(struct relay *r)
{
	if (r->ended)
		return;
	r->ended = true;
	shutdown(r->fd[0], SHUT_RDWR);
	shutdown(r->fd[1], SHUT_RDWR);
}

static void relay_move(struct relay *r, int from)
{
	char buf[4096];
	ssize_t n = recv(r->fd[from], buf, sizeof(buf), MSG_DONTWAIT);

	if (n <= 0)
		return;
	if (from == 1 && (size_t)n > r->left)
		n = (ssize_t)r->left;
	if (from == 1)
		r->left -= (size_t)n;
	if (n)
		send(r->fd[!from], buf, (size_t)n, MSG_NOSIGNAL);
	if (!r->left)
		relay_end(r);
}

struct relayed {
	struct relay relay;
	struct side c, d;
	bool asked;
};

static bool relayed_until(void *arg)
{
	struct relayed *r = arg;

	relay_move(&r->relay, 0);
	relay_move(&r->relay, 1);
	if (r->c.ups && !r->asked && !r->c.closes) {
		r->asked = true;
		stream_send(r->c.s, MESSAGE, MESSAGE_LEN, NULL);
	}
	return r->c.closes || r->c.messages;
}

/* How a TLS connection ends that is cut after @cut bytes of the server's. */
static void relay_run(struct relayed *r, size_t cut)
{
	struct sa front, back;
	int a = listen_on("127.0.0.1", &front), b = listen_on("127.0.0.1", &back);

	*r = (struct relayed){.relay = {.left = cut}, .d = {.echo = true}};
	stream_connect(&r->c.s, &front, NULL, tls_client, "sbc.example", &events, &r->c);
	r->relay.fd[0] = accept(a, NULL, NULL);
	r->relay.fd[1] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(r->relay.fd[1], &back.u.sa, back.len))
		ok(false, "the relay reaches its server");
	stream_accept(&r->d.s, accept(b, NULL, NULL), tls_server, &events, &r->d);
	wait_for(relayed_until, r);
	mem_deref(r->c.s);
	mem_deref(r->d.s);
	close(r->relay.fd[0]);
	close(r->relay.fd[1]);
	close(a);
	close(b);
}

static void check_tls_cuts(void)
{
	unsigned bad = 0, early = 0, late_cuts = 0;
	struct relayed r;
	size_t cut = 1;

	for (;; cut += 11) {
		relay_run(&r, cut);
		if (r.c.messages == 1)
			break;
		early += !r.c.ups;
		late_cuts += r.c.ups;
		bad += r.c.closes != 1 ||
		       r.c.why != (r.c.ups ? PROBE_CONNECT : PROBE_TLS) || cut > 20000;
	}
	is_int(bad, 0, "TLS: every cut is told once");
	ok(early > 30 && late_cuts > 10,
	   "TLS: cut %u times before and %u after the handshake", early, late_cuts);
	is_int(r.c.messages, 1, "TLS: uncut, the answer arrives");
}

/* What an idle connection holds, ours and OpenSSL's, by the allocator's books. */
static void check_idle_memory(void)
{
	enum { PAIRS = 32 };
	static struct side c[PAIRS], d[PAIRS];
	size_t before, idle;

	before = mallinfo2().uordblks;
	for (int i = 0; i < PAIRS; i++) {
		d[i].echo = true;
		tls_pair(&c[i], &d[i], tls_client, tls_server, "sbc.example");
		stream_send(c[i].s, MESSAGE, MESSAGE_LEN, NULL);
		reach(&c[i].messages, 1);
	}
	idle = (mallinfo2().uordblks - before) / PAIRS / 2;
	printf("# an idle TLS connection holds %zu bytes, mean of both sides\n", idle);
	/* Buffers that are not given back are 33 KiB more, with any OpenSSL. */
	if (mallinfo2().arena)
		ok(idle < 40 * 1024, "an idle TLS connection is small");
	for (int i = 0; i < PAIRS; i++) {
		is_int(c[i].messages, 1, "it had carried a message");
		mem_deref(c[i].s);
		mem_deref(d[i].s);
	}
}

static void check_plain(void)
{
	struct sa sa;
	int fd = listen_on("127.0.0.1", &sa);

	for (size_t i = 0; i < sizeof(frame_cases) / sizeof(frame_cases[0]); i++) {
		check_frame(&frame_cases[i], fd, &sa, false);
		check_frame(&frame_cases[i], fd, &sa, true);
	}
	check_zeros(fd, &sa);
	check_two_answers(fd, &sa);
	check_cuts(fd, &sa);
	check_drip(fd, &sa);
	check_drops(fd, &sa);
	check_stamps(fd, &sa);
	check_queue(fd, &sa);
	check_queue_bound(fd, &sa);
	check_no_signal(fd, &sa);
	check_write_after_reset(fd, &sa);
	check_loans(fd, &sa);
	check_tls_left(fd, &sa);
	close(fd);
}

int main(void)
{
	int err = libre_init();

	if (err || fd_setsize(1024))
		return 2;
	make_profiles();
	check_refused();
	check_plain();
	check_tls_good();
	for (size_t i = 0; i < sizeof(tls_cases) / sizeof(tls_cases[0]); i++)
		check_tls(&tls_cases[i]);
	check_tls_cuts();
	check_idle_memory();
	is_int((long long)ERR_peek_error(), 0, "nothing is left in the error queue");
	drop_profiles();
	libre_close();
	return tap_done();
}

/* Listening sockets and the bounded set of what they accept. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/listener.h"
#include "tests/support/ca.h"
#include "tests/unit/tap.h"

#define PING "\r\n\r\n"
#define REQUEST                                                                          \
	"OPTIONS sip:b@b.example SIP/2.0\r\n"                                            \
	"Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"                            \
	"From: <sip:a@a.example>;tag=1\r\n"                                              \
	"To: <sip:b@b.example>\r\n"                                                      \
	"Call-ID: 1@a.example\r\n"                                                       \
	"CSeq: 1 OPTIONS\r\n"                                                            \
	"Max-Forwards: 70\r\n"                                                           \
	"Content-Length: 0\r\n\r\n"

static const int64_t idle_ns = 60 * CLOCK_NS_PER_S;

struct house {
	struct inbound *in;
	struct listener *l;
	bool closed_to_all;
	bool leave_at_message;
	enum inbound_rank rank;
	bool proves;
	unsigned asked, messages, closes, refused[ENGINE_STRAYS];
	enum probe_outcome why;
	struct sa last;
};

static enum inbound_rank rank_h(const struct sa *peer, bool tls, void *arg)
{
	struct house *h = arg;

	(void)tls;
	h->asked++;
	h->last = *peer;
	return h->closed_to_all ? INBOUND_REFUSED : h->rank;
}

static bool proven_h(struct stream *s, void *arg)
{
	(void)s;
	return ((struct house *)arg)->proves;
}

static void refused_h(enum engine_stray why, const struct sa *peer, void *arg)
{
	(void)peer;
	((struct house *)arg)->refused[why]++;
}

static void message_h(struct stream *s, const struct guard_message *m, int64_t rx_ns,
		      void *arg)
{
	struct house *h = arg;

	(void)s, (void)rx_ns;
	h->messages += m->request;
	if (h->leave_at_message)
		h->in = mem_deref(h->in);
}

static void closed_h(struct stream *s, enum probe_outcome why, int err,
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

struct turns {
	struct tmr tmr;
	int left;
};

static void turn_h(void *arg)
{
	struct turns *t = arg;

	if (--t->left < 0)
		re_cancel();
	else
		tmr_start(&t->tmr, 1, turn_h, t);
}

static void turn(int turns)
{
	struct turns t = {.left = turns};

	tmr_init(&t.tmr);
	tmr_start(&t.tmr, 0, turn_h, &t);
	re_main(NULL);
	tmr_cancel(&t.tmr);
}

/* Runs the loop until a count is reached, 5 s at the most, and a little on. */
static void reach(const unsigned *count, unsigned want)
{
	int64_t end_ns = clock_monotonic_ns() + 5 * CLOCK_NS_PER_S;

	while (*count < want && clock_monotonic_ns() < end_ns)
		turn(0);
	turn(2);
}

static int open_house(struct house *h, const char *host, struct tls_profile *tls)
{
	struct sa sa;
	int err;

	*h = (struct house){.rank = INBOUND_KNOWN};
	sa_set_str(&sa, host, 0);
	inbound_alloc(&h->in, NULL, &events, h);
	err = listener_alloc(&h->l, &sa, tls, h->in);
	if (err)
		h->in = mem_deref(h->in);
	return err;
}

static void close_house(struct house *h)
{
	h->l = mem_deref(h->l);
	h->in = mem_deref(h->in);
}

static int dial_from(const struct house *h, const char *from)
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

static int dial(const struct house *h)
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

static void check_serving(const char *host)
{
	struct house h;
	int fd;

	if (open_house(&h, host, NULL)) {
		ok(true, "%s # SKIP no such address here", host);
		return;
	}
	ok(sa_port(listener_local(h.l)) != 0, "%s: the free port is known", host);
	fd = dial(&h);
	send(fd, REQUEST REQUEST, 2 * (sizeof(REQUEST) - 1), MSG_NOSIGNAL);
	reach(&h.messages, 2);
	is_int(h.asked, 1, "asked once");
	is_int((long long)inbound_count(h.in), 1, "one connection");
	is_int(h.messages, 2, "two requests");
	send(fd, "rubbish\r\n\r\n", 11, MSG_NOSIGNAL);
	reach(&h.closes, 1);
	is_int(h.closes, 1, "told of the end");
	is_int(h.why, PROBE_PROTOCOL, "and why");
	is_int((long long)inbound_count(h.in), 0, "none left");
	close(fd);
	close_house(&h);
}

static void check_stranger(void)
{
	struct house h;
	int fd;

	open_house(&h, "127.0.0.1", NULL);
	h.closed_to_all = true;
	fd = dial(&h);
	reach(&h.asked, 1);
	is_str(state_of(fd), "reset", "a stranger gets no byte");
	is_int((long long)inbound_count(h.in), 0, "and no place");
	is_int(h.closes, 0, "nobody is told");
	close(fd);
	close_house(&h);
}

static void check_bounds(void)
{
	int fds[INBOUND_PER_ADDRESS_MAX + 2];
	struct house h;
	size_t n = sizeof(fds) / sizeof(fds[0]), held = 0;
	int other;

	open_house(&h, "127.0.0.1", NULL);
	for (size_t i = 0; i < n; i++)
		fds[i] = dial(&h);
	other = dial_from(&h, "127.0.0.2");
	reach(&h.asked, (unsigned)n + 1);
	for (size_t i = 0; i < n; i++)
		held += !strcmp(state_of(fds[i]), "open");
	is_int((long long)held, INBOUND_PER_ADDRESS_MAX, "one address's places");
	is_str(state_of(other), "open", "another address has its own");
	is_int((long long)inbound_count(h.in), INBOUND_PER_ADDRESS_MAX + 1,
	       "all counted");
	close(fds[0]);
	reach(&h.closes, 1);
	fds[0] = dial(&h);
	reach(&h.asked, (unsigned)n + 2);
	is_str(state_of(fds[0]), "open", "a place that is free again");
	close_house(&h);
	for (size_t i = 0; i < n; i++) {
		is_str(state_of(fds[i]), "closed", "closed with the house");
		close(fds[i]);
	}
	close(other);
}

static void check_total(void)
{
	static int fds[INBOUND_MAX + 20];
	size_t n = sizeof(fds) / sizeof(fds[0]), held = 0;
	struct house h;
	char from[32];

	open_house(&h, "127.0.0.1", NULL);
	for (size_t i = 0; i < n; i++) {
		snprintf(from, sizeof(from), "127.0.1.%zu", i / 10 + 1);
		fds[i] = dial_from(&h, from);
		if (i % 64 == 0)
			turn(1);
	}
	reach(&h.asked, (unsigned)n);
	for (size_t i = 0; i < n; i++) {
		held += !strcmp(state_of(fds[i]), "open");
		close(fds[i]);
	}
	is_int((long long)held, INBOUND_MAX, "all places together");
	close_house(&h);
}

/* Connects from the nth address of the nth network, and lets it arrive. */
static int dial_as(struct house *h, enum inbound_rank rank, unsigned net, unsigned n)
{
	char from[48];
	int fd;

	h->rank = rank;
	snprintf(from, sizeof(from), "127.%u.0.%u", net, n);
	fd = dial_from(h, from);
	reach(&h->asked, h->asked + 1);
	return fd;
}

static void wait_ms(int ms)
{
	int64_t end_ns = clock_monotonic_ns() + ms * CLOCK_NS_PER_MS;

	while (clock_monotonic_ns() < end_ns)
		turn(1);
}

/* All places of strangers are taken by silent ones; who is known has others. */
static void check_strangers(void)
{
	static int fds[INBOUND_STRANGERS_MAX];
	int known, next, talks;
	struct house h;

	open_house(&h, "127.0.0.1", NULL);
	for (unsigned i = 0; i < INBOUND_STRANGERS_MAX; i++) {
		char from[48];

		h.rank = INBOUND_STRANGER;
		snprintf(from, sizeof(from), "127.9.%u.1", i / 8);
		fds[i] = dial_from(&h, from);
		if (i % 64 == 0)
			turn(1);
	}
	reach(&h.asked, INBOUND_STRANGERS_MAX);
	is_int((long long)inbound_count(h.in), INBOUND_STRANGERS_MAX, "all are let in");
	known = dial_as(&h, INBOUND_KNOWN, 8, 1);
	is_str(state_of(known), "open", "a known peer has its own places");
	wait_ms(120);
	talks = fds[0];
	send(talks, PING, 4, MSG_NOSIGNAL);
	turn(2);
	next = dial_as(&h, INBOUND_STRANGER, 8, 2);
	is_str(state_of(next), "open", "another stranger is let in");
	is_str(state_of(fds[1]), "closed", "for the idlest");
	ok(strcmp(state_of(talks), "closed") != 0, "not for one that has just spoken");
	is_int(h.refused[ENGINE_STRAY_DISPLACED], 1, "which is told");
	is_int((long long)inbound_count(h.in), INBOUND_STRANGERS_MAX + 1, "no more");
	close_house(&h);
	for (unsigned i = 0; i < INBOUND_STRANGERS_MAX; i++)
		close(fds[i]);
	close(known);
	close(next);
}

/* Who is known takes no stranger's place, and gives none back. */
static void check_known_and_strangers(void)
{
	int known, stranger;
	struct house h;

	open_house(&h, "127.0.0.1", NULL);
	known = dial_as(&h, INBOUND_KNOWN, 8, 1);
	stranger = dial_as(&h, INBOUND_STRANGER, 9, 1);
	is_str(state_of(stranger), "open", "a stranger beside who is known");
	close(known);
	reach(&h.closes, 1);
	close(stranger);
	stranger = dial_as(&h, INBOUND_STRANGER, 9, 1);
	is_str(state_of(stranger), "open", "and after him");
	close(stranger);
	close_house(&h);
}

/* The connections of a network that is open to who connects, and of one who proves. */
static void check_proven(void)
{
	int fds[INBOUND_PER_ADDRESS_MAX + 1];
	struct house h;
	int proven;

	open_house(&h, "127.0.0.1", NULL);
	h.proves = true;
	proven = dial_as(&h, INBOUND_STRANGER, 9, 1);
	h.proves = false;
	for (size_t i = 0; i <= INBOUND_PER_ADDRESS_MAX; i++)
		fds[i] = dial_as(&h, INBOUND_STRANGER, 9, 1);
	is_str(state_of(fds[INBOUND_PER_ADDRESS_MAX]), "reset",
	       "all are new: the last has no place");
	is_int(h.refused[ENGINE_STRAY_FULL], 1, "which is told");
	close(fds[INBOUND_PER_ADDRESS_MAX]);
	wait_ms(120);
	fds[INBOUND_PER_ADDRESS_MAX] = dial_as(&h, INBOUND_STRANGER, 9, 1);
	is_str(state_of(fds[INBOUND_PER_ADDRESS_MAX]), "open", "a while later it has");
	is_str(state_of(fds[0]), "closed", "the idlest stranger's");
	is_str(state_of(proven), "open", "and not who has proven who it is");
	h.rank = INBOUND_STRANGER;
	inbound_review(h.in);
	wait_ms(120);
	close(dial_as(&h, INBOUND_STRANGER, 9, 1));
	is_str(state_of(proven), "closed", "unless it is nobody's any more");
	close_house(&h);
	for (size_t i = 0; i <= INBOUND_PER_ADDRESS_MAX; i++)
		close(fds[i]);
	close(proven);
}

static void check_shares(void)
{
	static const struct {
		const char *a, *b;
		bool stranger, known;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", true, true},
		{"192.0.2.1", "192.0.2.2", false, false},
		{"2001:db8::1", "2001:db8::1", true, true},
		{"2001:db8::1", "2001:db8::ffff:0:0:2", true, false},
		{"2001:db8:0:0:8000::1", "2001:db8:0:1::1", false, false},
		{"2001:db8::1", "192.0.2.1", false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sa a, b;

		sa_set_str(&a, cases[i].a, 1);
		sa_set_str(&b, cases[i].b, 2);
		is_int(inbound_shares(INBOUND_STRANGER, &a, &b), cases[i].stranger,
		       "strangers by network");
		is_int(inbound_shares(INBOUND_KNOWN, &a, &b), cases[i].known,
		       "known peers by address");
		is_int(inbound_shares(INBOUND_PROVEN, &a, &b), cases[i].known,
		       "proven ones, too");
	}
}

static void check_idle(struct tls_profile *tls)
{
	struct house h;
	int64_t limit_ns = tls ? INBOUND_OPENING_NS : idle_ns;
	int64_t now_ns = clock_monotonic_ns();
	int64_t between_ns;
	int quiet, pinging;

	open_house(&h, "127.0.0.1", tls);
	is_int(inbound_run(h.in, now_ns, idle_ns) == INT64_MAX, 1, "nothing to run for");
	quiet = dial(&h);
	reach(&h.asked, 1);
	between_ns = clock_monotonic_ns();
	pinging = dial(&h);
	reach(&h.asked, 2);
	if (!tls)
		send(pinging, PING, 4, MSG_NOSIGNAL);
	turn(2);
	now_ns = clock_monotonic_ns();
	ok(inbound_run(h.in, now_ns, idle_ns) > now_ns, "due later");
	is_int((long long)inbound_count(h.in), 2, "both stay");
	inbound_run(h.in, between_ns + limit_ns, idle_ns);
	is_int((long long)inbound_count(h.in), 1, "the quiet one goes first");
	ok(strcmp(state_of(quiet), "open") != 0, "it is closed");
	inbound_run(h.in, now_ns + limit_ns, idle_ns);
	is_int((long long)inbound_count(h.in), 0, "then the other");
	is_int(h.closes, 0, "what we close is not told");
	close(quiet);
	close(pinging);
	close_house(&h);
}

static void check_review(void)
{
	struct house h;
	int fd;

	open_house(&h, "127.0.0.1", NULL);
	fd = dial(&h);
	reach(&h.asked, 1);
	inbound_review(h.in);
	is_str(state_of(fd), "open", "still welcome");
	h.closed_to_all = true;
	inbound_review(h.in);
	is_str(state_of(fd), "closed", "no longer welcome");
	close(fd);
	close_house(&h);
}

/* The owner lets go of everything while a message of it is under way. */
static void check_leave(void)
{
	struct house h;
	int fd;

	open_house(&h, "127.0.0.1", NULL);
	h.leave_at_message = true;
	fd = dial(&h);
	reach(&h.asked, 1);
	send(fd, REQUEST REQUEST, 2 * (sizeof(REQUEST) - 1), MSG_NOSIGNAL);
	mem_deref(h.l);
	h.l = NULL;
	reach(&h.messages, 1);
	ok(!h.in, "left inside the handler");
	is_int(h.messages, 1, "nothing after that");
	ok(strcmp(state_of(fd), "open") != 0, "the connection went with it");
	close(fd);
}

/* A socket for both families sees IPv4 peers as IPv6: they count as what they are. */
static void check_mapped(void)
{
	struct house h;
	struct sa sa;
	int off = 0, fd, peer;

	sa_set_str(&sa, "::", 0);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    bind(fd, &sa.u.sa, sa.len) || listen(fd, 4)) {
		ok(true, "mapped peers # SKIP no IPv6 here");
		return;
	}
	getsockname(fd, &sa.u.sa, &sa.len);
	open_house(&h, "127.0.0.1", NULL);
	peer = socket(AF_INET, SOCK_STREAM, 0);
	off = sa_port(&sa);
	sa_set_str(&sa, "127.0.0.1", (uint16_t)off);
	ok(!connect(peer, &sa.u.sa, sa.len), "an IPv4 peer comes");
	sa.len = sizeof(sa.u);
	off = accept(fd, &sa.u.sa, &sa.len);
	is_int(sa_af(&sa), AF_INET6, "mapped on the socket");
	inbound_take(h.in, off, &sa, NULL);
	is_int(sa_af(&h.last), AF_INET, "IPv4 for us");
	ok(sa_port(&h.last) == sa_port(&sa), "with its port");
	close(peer);
	close(fd);
	close_house(&h);
}

static void check_no_ipv4_on_ipv6(void)
{
	struct house h;
	struct sa sa;
	int fd;

	if (open_house(&h, "::", NULL)) {
		ok(true, "IPv6 only # SKIP no IPv6 here");
		return;
	}
	sa_set_str(&sa, "127.0.0.1", sa_port(listener_local(h.l)));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ok(connect(fd, &sa.u.sa, sa.len) && errno == ECONNREFUSED, "`::` is IPv6 only");
	close(fd);
	close_house(&h);
}

static void check_busy(void)
{
	struct house h;
	struct listener *second = NULL;

	open_house(&h, "127.0.0.1", NULL);
	is_int(listener_alloc(&second, listener_local(h.l), NULL, h.in), EADDRINUSE,
	       "a busy port");
	ok(!second, "out-pointer untouched");
	close_house(&h);
}

static double cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Fills the descriptor table up; returns how many were taken. */
static size_t exhaust(int *fds, size_t max)
{
	size_t n = 0;

	while (n < max && (fds[n] = open("/dev/null", O_RDONLY)) >= 0)
		n++;
	return n;
}

static void check_shortage(void)
{
	static int hold[4096];
	struct rlimit old, low;
	struct house h;
	int fds[8], later;
	size_t held;
	double cpu;

	open_house(&h, "127.0.0.1", NULL);
	for (int i = 0; i < 8; i++)
		fds[i] = dial(&h);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 256;
	setrlimit(RLIMIT_NOFILE, &low);
	held = exhaust(hold, 4096);
	cpu = cpu_s();
	turn(50);
	ok(cpu_s() - cpu < 0.03,
	   "no busy loop without descriptors: %.3f s of CPU in 50 ms", cpu_s() - cpu);
	is_int((long long)inbound_count(h.in), 0, "none was taken");
	for (int i = 0; i < 8; i++)
		is_str(state_of(fds[i]), "reset", "what waited was refused");
	while (held)
		close(hold[--held]);
	setrlimit(RLIMIT_NOFILE, &old);
	listener_run(h.l);
	later = dial(&h);
	reach(&h.asked, 1);
	is_str(state_of(later), "open", "and it serves again");
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	close(later);
	close_house(&h);
}

/* Even the spare descriptor is lost: the limit fell under what is open. */
static void check_pause(void)
{
	struct rlimit old, low;
	struct house h;
	int waiting;
	double cpu;

	open_house(&h, "127.0.0.1", NULL);
	waiting = dial(&h);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &low);
	cpu = cpu_s();
	turn(50);
	ok(cpu_s() - cpu < 0.03, "no busy loop while paused: %.3f s of CPU in 50 ms",
	   cpu_s() - cpu);
	listener_run(h.l);
	turn(2);
	is_str(state_of(waiting), "open", "it waits");
	is_int((long long)inbound_count(h.in), 0, "and is not taken");
	setrlimit(RLIMIT_NOFILE, &old);
	listener_run(h.l);
	reach(&h.asked, 1);
	is_int((long long)inbound_count(h.in), 1, "until there is room");
	close(waiting);
	close_house(&h);
}

static struct tls_profile *server_profile(void)
{
	struct config_tls conf = {.min_version = CONFIG_TLS_1_2};
	const struct ca_cert *chain[2] = {NULL, NULL};
	struct tls_profile *tp = NULL;
	struct ca_cert cert;
	char dir[64], pem[128], text[128];

	ca_make(&cert, &(struct ca_spec){"sbc", "DNS:sbc.example"}, NULL);
	chain[0] = &cert;
	conf.cert_file = ca_write(pem, ca_dir_make(dir), "me.pem", chain, cert.key);
	tls_profile_alloc(&tp, &conf, true, text, sizeof(text));
	ca_dir_remove(dir);
	ca_drop(&cert);
	return tp;
}

int main(void)
{
	struct rlimit files;
	struct tls_profile *tls;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < 8192 ? files.rlim_max : 8192;
	setrlimit(RLIMIT_NOFILE, &files);
	if (libre_init() || fd_setsize(8192))
		return 2;
	tls = server_profile();
	check_serving("127.0.0.1");
	check_serving("::1");
	check_stranger();
	check_bounds();
	if (files.rlim_cur >= 4096)
		check_total();
	if (files.rlim_cur >= 4096)
		check_strangers();
	check_known_and_strangers();
	check_proven();
	check_shares();
	check_idle(NULL);
	check_idle(tls);
	check_review();
	check_leave();
	check_mapped();
	check_no_ipv4_on_ipv6();
	check_busy();
	check_shortage();
	check_pause();
	mem_deref(tls);
	libre_close();
	return tap_done();
}

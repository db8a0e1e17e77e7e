/* The bounded set of connections of others: who has a place, who gives way. */
#include <stdlib.h>
#include <sys/resource.h>

#include "sipprobe/transport/inbound.h"
#include "tests/support/ca.h"
#include "tests/unit/sipprobe/transport/house.h"

#define PING "\r\n\r\n"

static const int64_t idle_ns = 60 * CLOCK_NS_PER_S;

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
	struct sa idlest;

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
	sa_set_str(&idlest, "127.9.0.1", 0);
	ok(sa_cmp(&h.refused_peer, &idlest, SA_ADDR), "with who it was");
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

/* Strangers who come and go, more of them than there are places. */
static void check_many_strangers(void)
{
	int fds[8];
	struct house h;

	open_house(&h, "127.0.0.1", NULL);
	for (unsigned n = 0; n <= INBOUND_STRANGERS_MAX; n += 8) {
		for (int i = 0; i < 8; i++)
			fds[i] = dial_from(&h, "127.0.0.1");
		h.rank = INBOUND_STRANGER;
		reach(&h.asked, n + 8);
		for (int i = 0; i < 8; i++)
			close(fds[i]);
		reach(&h.closes, n + 8);
	}
	is_int(h.refused[ENGINE_STRAY_FULL] + h.refused[ENGINE_STRAY_DISPLACED], 0,
	       "places are given back");
	close_house(&h);
}

/* Which account a connection's work goes on. */
static const struct turns_account *account_of(struct house *h, int fd)
{
	unsigned before = h->messages;

	send(fd, REQUEST, sizeof(REQUEST) - 1, MSG_NOSIGNAL);
	reach(&h->messages, before + 1);
	return h->account;
}

/* Strangers share what they may use of the loop; of the others each address has its own.
 */
static void check_accounts(void)
{
	const struct turns_account *strangers, *known;
	struct house h;
	int fds[6];

	open_house(&h, "127.0.0.1", NULL);
	fds[0] = dial_as(&h, INBOUND_STRANGER, 9, 1);
	fds[1] = dial_as(&h, INBOUND_STRANGER, 9, 2);
	fds[2] = dial_as(&h, INBOUND_KNOWN, 8, 1);
	fds[3] = dial_as(&h, INBOUND_KNOWN, 8, 1);
	fds[4] = dial_as(&h, INBOUND_KNOWN, 8, 2);
	h.proves = true;
	fds[5] = dial_as(&h, INBOUND_STRANGER, 9, 3);
	h.proves = false;
	strangers = account_of(&h, fds[0]);
	ok(strangers && account_of(&h, fds[1]) == strangers, "one of all strangers");
	known = account_of(&h, fds[2]);
	ok(known && known != strangers, "not who is known");
	ok(account_of(&h, fds[3]) == known, "who is at one address shares");
	ok(account_of(&h, fds[4]) != known, "who is at another does not");
	ok(account_of(&h, fds[5]) != strangers, "nor who has proven who it is");
	h.rank = INBOUND_STRANGER;
	inbound_review(h.in);
	ok(account_of(&h, fds[2]) == strangers, "nobody's any more: a stranger");
	h.rank = INBOUND_KNOWN;
	inbound_review(h.in);
	ok(account_of(&h, fds[2]) == known, "somebody's again");
	h.rank = INBOUND_STRANGER;
	h.proves = true;
	inbound_review(h.in);
	ok(account_of(&h, fds[0]) != strangers, "a review has strangers prove it, too");
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	close_house(&h);
}

/* What cannot be a connection takes no place. */
static void check_no_connection(void)
{
	struct house h;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	open_house(&h, "127.0.0.1", NULL);
	inbound_take(h.in, fd, listener_local(h.l), NULL);
	is_int((long long)inbound_count(h.in), 0, "a socket that nobody is on");
	is_int(fcntl(fd, F_GETFD), -1, "is closed");
	close_house(&h);
}

/* How a connection ends, behind what was said. */
static const char *end_of(int fd)
{
	const char *state = state_of(fd);

	return strcmp(state, "bytes") != 0 ? state : state_of(fd);
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
	for (size_t i = 0; i < INBOUND_PER_ADDRESS_MAX; i++)
		fds[i] = dial_as(&h, INBOUND_STRANGER, 9, 1);
	for (size_t i = 0; i < INBOUND_PER_ADDRESS_MAX; i++)
		send(fds[i], PING, 4, MSG_NOSIGNAL);
	turn(2);
	fds[INBOUND_PER_ADDRESS_MAX] = dial_as(&h, INBOUND_STRANGER, 9, 1);
	is_str(state_of(fds[INBOUND_PER_ADDRESS_MAX]), "reset",
	       "all have just spoken: the last has no place");
	is_int(h.refused[ENGINE_STRAY_FULL], 1, "which is told");
	close(fds[INBOUND_PER_ADDRESS_MAX]);
	wait_ms(120);
	fds[INBOUND_PER_ADDRESS_MAX] = dial_as(&h, INBOUND_STRANGER, 9, 1);
	is_str(state_of(fds[INBOUND_PER_ADDRESS_MAX]), "open", "a while later it has");
	is_str(end_of(fds[0]), "closed", "the idlest stranger's");
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
	int64_t between_ns, due_ns;
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
	due_ns = inbound_run(h.in, now_ns, idle_ns);
	ok(due_ns > now_ns && due_ns <= between_ns + limit_ns, "due later");
	inbound_run(h.in, due_ns - 1, idle_ns);
	is_int((long long)inbound_count(h.in), 2, "both stay");
	inbound_run(h.in, due_ns, idle_ns);
	is_int((long long)inbound_count(h.in), 1, "the quiet one goes first");
	ok(strcmp(state_of(quiet), "open") != 0, "it is closed");
	inbound_run(h.in, now_ns + limit_ns, idle_ns);
	is_int((long long)inbound_count(h.in), 0, "then the other");
	is_int(h.closes, 0, "what we close is not told");
	close(quiet);
	close(pinging);
	close_house(&h);
}

static void check_review(struct tls_profile *tls)
{
	struct house h;
	int fd;

	open_house(&h, "127.0.0.1", tls);
	fd = dial(&h);
	reach(&h.asked, 1);
	is_int(h.tls, tls != NULL, "asked for, and whether it is TLS");
	h.tls = !h.tls;
	inbound_review(h.in);
	is_int(h.tls, tls != NULL, "once more");
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
	close_house(&h);
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
	if (files.rlim_cur >= 4096)
		check_strangers();
	check_known_and_strangers();
	check_many_strangers();
	check_accounts();
	check_no_connection();
	check_proven();
	check_shares();
	check_idle(NULL);
	check_idle(tls);
	check_review(NULL);
	check_review(tls);
	check_leave();
	check_mapped();
	mem_deref(tls);
	libre_close();
	return tap_done();
}

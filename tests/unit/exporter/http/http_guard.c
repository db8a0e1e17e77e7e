/* The guard's deadlines and limits, on real connections that nobody answers. */
#include <poll.h>

#include "base/clock.h"
#include "exporter/http/http_guard.h"
#include "tests/unit/exporter/http/http_client.h"
#include "tests/unit/tap.h"

#define HEAD_NS	  (300 * CLOCK_NS_PER_MS)
#define ANSWER_NS (600 * CLOCK_NS_PER_MS)

struct pair {
	int near; /* the server's end, known to the guard */
	int far;
	struct http_client *client;
};

static int listener = -1;
static int listener_port;

static void listener_open(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (const struct sockaddr *)&in, len) || listen(listener, 511) ||
	    getsockname(listener, (struct sockaddr *)&in, &len))
		exit(1);
	listener_port = ntohs(in.sin_port);
}

/* @ip: who it claims to be, as 10.0.0.IP */
static struct pair pair_open(struct http_guard *g, unsigned ip)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(0x0a000000 + ip)};
	struct pair p = {.far = client_connect(listener_port)};

	p.near = accept(listener, NULL, NULL);
	p.client = http_guard_opened(g, p.near, (const struct sockaddr *)&in);
	return p;
}

/* Whether our end was shut down, whatever the far one has yet to read. */
static bool shut_here(const struct pair *p)
{
	struct pollfd f = {.fd = p->near, .events = POLLOUT};

	return poll(&f, 1, 0) == 1 && f.revents & POLLHUP;
}

static void pair_close(struct http_guard *g, struct pair *p)
{
	http_guard_closed(g, p->client);
	close(p->near);
	close(p->far);
}

/* How long the far end stays connected, in ms; -1: past @limit_ms. */
static int lasts_ms(const struct pair *p, int limit_ms)
{
	const struct timespec step = {.tv_nsec = 5000000};
	int64_t begun_ns = clock_monotonic_ns();
	int64_t ms;
	char byte;

	while ((ms = (clock_monotonic_ns() - begun_ns) / CLOCK_NS_PER_MS) < limit_ms) {
		if (recv(p->far, &byte, 1, MSG_DONTWAIT) == 0)
			return (int)ms;
		nanosleep(&step, NULL);
	}
	return -1;
}

static bool is_cut(const struct pair *p)
{
	char byte;

	return recv(p->far, &byte, 1, MSG_DONTWAIT) == 0;
}

/* A byte of a head, read as libmicrohttpd would. */
static void pair_head_byte(const struct pair *p)
{
	char byte;

	client_send(p->far, "G");
	if (recv(p->near, &byte, 1, 0) != 1)
		exit(1);
}

static void test_deadlines(struct http_guard *g)
{
	struct pair head = pair_open(g, 1), idle = pair_open(g, 1),
		    answer = pair_open(g, 1);
	int ms;

	http_guard_head(g, idle.client);
	http_guard_done(g, idle.client);
	http_guard_head(g, answer.client);
	is_int((long long)http_guard_busy(g), 1, "one request is being answered");
	pair_head_byte(&head);
	ms = lasts_ms(&head, 5000);
	ok(ms >= 250 && ms < 2000, "a head has a deadline: %d ms", ms);
	ok(!is_cut(&answer), "an answer has a longer one");
	ok(lasts_ms(&answer, 5000) >= 0, "but has one");
	ok(!is_cut(&idle), "a kept connection may rest");
	pair_head_byte(&idle);
	ms = lasts_ms(&idle, 5000);
	ok(ms >= 250 && ms < 2000, "until its next head begins: %d ms", ms);
	pair_close(g, &head);
	pair_close(g, &idle);
	pair_close(g, &answer);
}

static void test_not_their_fault(struct http_guard *g)
{
	struct pair unread = pair_open(g, 1), gone = pair_open(g, 1);
	char byte;

	client_send(unread.far, "G");
	shutdown(gone.far, SHUT_WR);
	http_guard_head(g, gone.client);
	http_guard_done(g, gone.client);
	ok(lasts_ms(&gone, 5000) >= 0, "a kept connection ends with its client");
	ok(!is_cut(&unread), "a head that nobody reads is not late");
	is_int(recv(unread.near, &byte, 1, 0), 1, "once it is read");
	ok(lasts_ms(&unread, 5000) >= 0, "it is");
	pair_close(g, &unread);
	pair_close(g, &gone);
}

/* A full house: who is cut for one more? */
static void test_ranks(struct http_guard *g)
{
	enum { FULL = HTTP_GUARD_CLIENTS_PER_IP };
	struct pair p[FULL], other = pair_open(g, 2), last, more;
	int i, cut = 0;

	for (i = 0; i < FULL; i++)
		p[i] = pair_open(g, 1);
	for (i = 0; i < FULL; i++)
		cut += is_cut(&p[i]);
	is_int(cut, 0, "none is cut within the limit");
	for (i = 0; i < FULL; i++)
		http_guard_head(g, p[i].client);
	http_guard_done(g, p[7].client);
	last = pair_open(g, 1);
	ok(is_cut(&p[7]), "one that rests goes before those that are answered");
	more = pair_open(g, 1);
	ok(is_cut(&last) && !is_cut(&more), "never the one that just came");
	ok(!is_cut(&other), "nor one of another address");
	for (i = 0; i < FULL; i++)
		pair_close(g, &p[i]);
	pair_close(g, &last);
	pair_close(g, &more);
	pair_close(g, &other);
}

static void test_total(struct http_guard *g)
{
	enum { FULL = HTTP_GUARD_CLIENTS + 1 };
	struct pair p[FULL];
	int i, cut = 0;

	for (i = 0; i < FULL; i++)
		p[i] = pair_open(g, (unsigned)i + 1);
	for (i = 1; i < FULL; i++)
		cut += is_cut(&p[i]);
	ok(is_cut(&p[0]) && cut == 0, "over the limit for all the oldest goes");
	for (i = 0; i < FULL; i++)
		pair_close(g, &p[i]);
}

/* Sends until the far end's kernel takes no more. Returns what it took. */
static size_t pair_fill(const struct pair *p)
{
	static char bytes[65536];
	struct pollfd f = {.fd = p->near, .events = POLLOUT};
	size_t sum = 0;
	ssize_t n;

	while (poll(&f, 1, 50) == 1) {
		n = send(p->near, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			break;
		sum += (size_t)n;
	}
	return sum;
}

static void pair_read(const struct pair *p, size_t bytes)
{
	static char into[65536];

	while (bytes) {
		ssize_t n = recv(p->far, into, sizeof(into), 0);

		if (n <= 0)
			return;
		bytes -= (size_t)n < bytes ? (size_t)n : bytes;
	}
}

static struct pair pair_scrape(struct http_guard *g, unsigned ip)
{
	struct pair p = pair_open(g, ip);
	int size = 65536;

	setsockopt(p.far, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	http_guard_head(g, p.client);
	http_guard_scrape(g, p.client);
	return p;
}

static void wait_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Where memory is short, who does not read is cut off; who does, or is not sent to, not.
 */
static void test_hurry(struct http_guard *g)
{
	struct pair mute = pair_scrape(g, 1), reads = pair_scrape(g, 1),
		    unsent = pair_scrape(g, 1), page = pair_open(g, 1);
	size_t sent = pair_fill(&reads);

	http_guard_head(g, page.client);
	(void)pair_fill(&mute);
	(void)pair_fill(&page);
	http_guard_hurry(g);
	ok(!is_cut(&mute), "a moment is given");
	wait_ms(1500);
	pair_read(&reads, sent);
	http_guard_hurry(g);
	ok(shut_here(&mute), "who reads nothing is cut off");
	ok(!shut_here(&reads), "who reads is not");
	ok(!shut_here(&unsent), "nor who was sent nothing");
	ok(!shut_here(&page), "nor who reads no scrape");
	pair_close(g, &mute);
	pair_close(g, &reads);
	pair_close(g, &unsent);
	pair_close(g, &page);
}

/* Others of the same address who take nothing go before one who reads, however many. */
static void test_reader_stays(struct http_guard *g)
{
	enum { OTHERS = HTTP_GUARD_CLIENTS_PER_IP + 8 };
	struct pair reads = pair_scrape(g, 1), others[OTHERS];

	for (int i = 0; i < 2; i++)
		pair_read(&reads, pair_fill(&reads));
	for (int i = 0; i < OTHERS; i++) {
		others[i] = pair_scrape(g, 1);
		(void)send(others[i].near, "x", 1, MSG_NOSIGNAL);
	}
	ok(!shut_here(&reads), "the oldest of all stays, as it reads");
	for (int i = 0; i < OTHERS; i++)
		pair_close(g, &others[i]);
	pair_close(g, &reads);
}

static void test_stall(struct http_guard *g)
{
	struct pair mute = pair_scrape(g, 1), unsent = pair_scrape(g, 2);
	int64_t end_ns = clock_monotonic_ns() + 5 * CLOCK_NS_PER_S;

	(void)pair_fill(&mute);
	while (!shut_here(&mute) && clock_monotonic_ns() < end_ns)
		wait_ms(20);
	ok(shut_here(&mute), "who takes nothing for the time of a stall is cut off");
	ok(!shut_here(&unsent), "who is sent nothing is not");
	pair_close(g, &mute);
	pair_close(g, &unsent);
}

static int64_t admit_ns(struct http_guard *g)
{
	int64_t begun_ns = clock_monotonic_ns();

	http_guard_admit(g);
	return clock_monotonic_ns() - begun_ns;
}

/* While heads wait to be read, more are let in slowly, and at once when they do not. */
static void test_admit(struct http_guard *g)
{
	struct pair pairs[HTTP_GUARD_BACKLOG];
	int64_t least_ns = INT64_MAX;

	for (int i = 0; i < HTTP_GUARD_BACKLOG; i++) {
		pairs[i] = pair_open(g, (unsigned)i);
		client_send(pairs[i].far, "G");
	}
	ok(admit_ns(g) >= 50 * CLOCK_NS_PER_MS, "one more waits a while, and is let in");
	for (int i = 0; i < HTTP_GUARD_BACKLOG; i++) {
		char byte;

		is_int(recv(pairs[i].near, &byte, 1, 0), 1, "all are read");
	}
	for (int i = 0; i < HTTP_GUARD_BACKLOG - 2; i++) {
		int64_t took_ns = admit_ns(g);

		if (took_ns < least_ns)
			least_ns = took_ns;
	}
	ok(least_ns < 50 * CLOCK_NS_PER_MS, "then nobody waits");
	for (int i = 0; i < HTTP_GUARD_BACKLOG; i++)
		pair_close(g, &pairs[i]);
}

int main(void)
{
	const struct http_guard_conf conf = {HEAD_NS, ANSWER_NS, ANSWER_NS};
	const struct http_guard_conf patient = {60 * CLOCK_NS_PER_S, 60 * CLOCK_NS_PER_S,
						60 * CLOCK_NS_PER_S};
	const struct http_guard_conf brisk = {60 * CLOCK_NS_PER_S, 60 * CLOCK_NS_PER_S,
					      300 * CLOCK_NS_PER_MS};
	struct http_guard *g = NULL;

	listener_open();
	if (http_guard_alloc(&g, &conf))
		return 1;
	test_deadlines(g);
	test_not_their_fault(g);
	http_guard_free(g);
	if (http_guard_alloc(&g, &patient))
		return 1;
	test_ranks(g);
	test_total(g);
	test_hurry(g);
	test_reader_stays(g);
	test_admit(g);
	http_guard_free(g);
	if (http_guard_alloc(&g, &brisk))
		return 1;
	test_stall(g);
	http_guard_free(g);
	close(listener);
	return tap_done();
}

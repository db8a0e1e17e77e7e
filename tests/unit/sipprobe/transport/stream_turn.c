/* A stream whose share of the loop's time is used up waits its turn, and tells true
 * times. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/stream.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

#define MESSAGE                                                                          \
	"SIP/2.0 200 OK\r\n"                                                             \
	"Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"                            \
	"From: <sip:a@a.example>;tag=1\r\n"                                              \
	"To: <sip:b@b.example>;tag=2\r\n"                                                \
	"Call-ID: 1@a.example\r\n"                                                       \
	"CSeq: 1 OPTIONS\r\n"                                                            \
	"Content-Length: 0\r\n\r\n"

enum { MESSAGE_LEN = sizeof(MESSAGE) - 1 };

#define BUSY_NS (10 * CLOCK_NS_PER_MS)

struct side {
	struct stream *s;
	struct turns *turns;
	struct turns_account *account;
	struct turns_waiter before; /* takes BUSY_NS ahead of the stream */
	int peer;
	unsigned ups, messages, closes, befores;
	int64_t rx_ns, read_ns;
	size_t sent, got;
};

static void up_h(struct stream *s, void *arg)
{
	(void)s;
	((struct side *)arg)->ups++;
}

static void message_h(struct stream *s, const struct guard_message *m, int64_t rx_ns,
		      void *arg)
{
	struct side *w = arg;

	(void)s, (void)m;
	w->messages++;
	w->rx_ns = rx_ns;
	w->read_ns = clock_monotonic_ns();
}

static void closed_h(struct stream *s, enum probe_outcome why, int err,
		     const char *detail, void *arg)
{
	(void)s, (void)why, (void)err, (void)detail;
	((struct side *)arg)->closes++;
}

static const struct stream_events events = {up_h, message_h, closed_h};

static bool is_up(void *arg)
{
	return ((struct side *)arg)->ups;
}

static bool has_message(void *arg)
{
	return ((struct side *)arg)->messages;
}

static bool has_closed(void *arg)
{
	return ((struct side *)arg)->closes;
}

static bool was_before(void *arg)
{
	return ((struct side *)arg)->befores;
}

static void before_h(void *arg)
{
	struct side *w = arg;
	int64_t begun_ns = turns_cpu_ns();

	while (turns_cpu_ns() - begun_ns < BUSY_NS)
		;
	w->befores++;
}

/* A connection, up, whose account is used up for good; somebody is ahead in the queue. */
static void side_open(struct side *w)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sa sa;

	*w = (struct side){.peer = -1};
	sa_set_str(&sa, "127.0.0.1", 0);
	if (bind(fd, &sa.u.sa, sizeof(sa.u.in)) || listen(fd, 1) ||
	    getsockname(fd, &sa.u.sa, &sa.len))
		perror("listen");
	turns_alloc(&w->turns);
	turns_account_alloc(&w->account, TURNS_SHARE);
	stream_connect(&w->s, &sa, NULL, NULL, NULL, &events, w);
	stream_share(w->s, w->turns, w->account);
	w->peer = accept(fd, NULL, NULL);
	close(fd);
	ok(loop_until(is_up, w), "up");
	turns_charge(w->account, clock_monotonic_ns(), CLOCK_NS_PER_S);
	w->before.h = before_h;
	w->before.arg = w;
	turns_wait(w->turns, &w->before);
	ok(loop_until(was_before, w), "the queue is busy");
}

static void side_close(struct side *w)
{
	mem_deref(w->s);
	mem_deref(w->turns);
	mem_deref(w->account);
	if (w->peer >= 0)
		close(w->peer);
}

static void side_say(const struct side *w)
{
	if (send(w->peer, MESSAGE, MESSAGE_LEN, 0) != MESSAGE_LEN)
		perror("send");
	/* The loop sees it, and has it wait. */
	loop_turn();
	loop_turn();
}

static void test_wait(void)
{
	struct side w;

	side_open(&w);
	side_say(&w);
	is_int(w.messages, 0, "what comes waits");
	ok(loop_until(has_message, &w), "until it is its turn");
	ok(w.read_ns - w.rx_ns > 2 * CLOCK_NS_PER_MS,
	   "its stamp is of when it came: %lld us before",
	   (long long)((w.read_ns - w.rx_ns) / CLOCK_NS_PER_US));
	w.messages = 0;
	side_say(&w);
	ok(loop_until(has_message, &w), "the next one as well");
	side_close(&w);
}

static void test_catch_up(void)
{
	struct side w;

	side_open(&w);
	side_say(&w);
	stream_catch_up(w.s);
	is_int(w.messages, 1, "a deadline reads what waits");
	side_close(&w);
}

static void test_close(void)
{
	struct side w;

	side_open(&w);
	side_say(&w);
	close(w.peer);
	w.peer = -1;
	ok(loop_until(has_closed, &w), "the end is told in its turn");
	is_int(w.messages, 1, "after what was said");
	side_close(&w);
}

static void test_let_go(void)
{
	struct side w;

	side_open(&w);
	side_say(&w);
	w.s = mem_deref(w.s);
	for (int i = 0; i < 50; i++)
		loop_turn();
	is_int(w.messages + w.closes, 0, "who is let go of is not called any more");
	side_close(&w);
}

/* The peer reads nothing: what is said to it waits on our side. */
static void side_fill(struct side *w)
{
	static char block[32768];

	while (!stream_send(w->s, block, sizeof(block), NULL))
		w->sent += sizeof(block);
}

/* Takes what the peer was sent; whether that is all. */
static bool has_all(void *arg)
{
	static char block[65536];
	struct side *w = arg;
	ssize_t n;

	while ((n = recv(w->peer, block, sizeof(block), MSG_DONTWAIT)) > 0)
		w->got += (size_t)n;
	return w->got == w->sent;
}

/* Its turn is for both ways. */
static void test_unsent(void)
{
	struct side w;

	side_open(&w);
	side_fill(&w);
	side_say(&w);
	ok(loop_until(has_message, &w), "what comes is read, though some waits to go");
	ok(loop_until(has_all, &w), "and that goes when the peer reads");
	side_fill(&w);
	w.messages = 0;
	side_say(&w);
	stream_catch_up(w.s);
	is_int(w.messages, 1, "a deadline reads what waits then, too");
	side_close(&w);
}

/* Another's account has time: it waits no more. */
static void test_share(void)
{
	struct turns_account *fresh;
	struct side w;

	side_open(&w);
	side_say(&w);
	turns_account_alloc(&fresh, TURNS_SHARE);
	stream_share(w.s, w.turns, fresh);
	mem_deref(fresh);
	loop_turn();
	is_int(w.messages, 1, "read at once");
	side_close(&w);
}

int main(void)
{
	libre_init();
	test_wait();
	test_catch_up();
	test_close();
	test_let_go();
	test_unsent();
	test_share();
	libre_close();
	return tap_done();
}

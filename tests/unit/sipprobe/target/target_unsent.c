/* Requests that this machine would not send, and errors that are another request's. */
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP  CONFIG_TRANSPORT_UDP
#define CALM ", \"interval\": \"23h\", \"timeout\": \"2s\""

/* The errno that the next calls fail with, and how many of them do. */
static struct failing {
	int err;
	unsigned times;
} sending, connecting, stamping;

static int64_t call_takes_ns; /* each that sends */

static bool failing_now(struct failing *f)
{
	if (!f->times)
		return false;
	f->times--;
	errno = f->err;
	return true;
}

ssize_t __real_sendto(int fd, const void *buf, size_t len, int flags,
		      const struct sockaddr *to, socklen_t to_len);
ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags,
		      const struct sockaddr *to, socklen_t to_len);
int __real_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags,
		      const struct sockaddr *to, socklen_t to_len)
{
	virtual_now_ns += call_takes_ns;
	if (failing_now(&sending))
		return -1;
	return __real_sendto(fd, buf, len, flags, to, to_len);
}

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	if (failing_now(&connecting))
		return -1;
	return __real_connect(fd, to, len);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && (name == SO_TIMESTAMPNS || name == SO_TIMESTAMPING) &&
	    failing_now(&stamping))
		return -1;
	return __real_setsockopt(fd, level, name, value, len);
}

/* Whether there is no memory for a request. */
static bool no_memory;

struct mbuf *__real_mbuf_alloc(size_t size);
struct mbuf *__wrap_mbuf_alloc(size_t size);

struct mbuf *__wrap_mbuf_alloc(size_t size)
{
	return no_memory ? NULL : __real_mbuf_alloc(size);
}

static const char firewall[] =
	"this machine would not send it: its firewall, or a full table of connections";
static const char blackhole[] = "this machine has a blackhole route there";
static const char stamps[] = "this kernel gives no receive time stamps";

/* What ends at once, and what goes on, by what the kernel says. */
static const struct {
	const char *name;
	struct failing sending, connecting, stamping;
	int64_t after_ms;
	const char *told, *detail;
	int err;
	unsigned retransmissions;
} refusals[] = {
	{"a firewall, each copy",
	 {EPERM, 9},
	 {0},
	 {0},
	 2000,
	 "begin, internal down",
	 firewall,
	 EPERM,
	 2},
	{"a full queue, each copy",
	 {ENOBUFS, 9},
	 {0},
	 {0},
	 2000,
	 "begin, internal down",
	 "",
	 ENOBUFS,
	 2},
	{"a firewall, two copies of three",
	 {EPERM, 2},
	 {0},
	 {0},
	 2000,
	 "begin, timeout down",
	 "",
	 ETIMEDOUT,
	 2},
	{"a blackhole route",
	 {EINVAL, 9},
	 {0},
	 {0},
	 1,
	 "begin, unreachable down",
	 blackhole,
	 EINVAL,
	 0},
	{"one that is found before",
	 {0},
	 {EINVAL, 9},
	 {0},
	 1,
	 "begin, unreachable down",
	 blackhole,
	 EINVAL,
	 0},
	{"no route",
	 {0},
	 {ENETUNREACH, 9},
	 {0},
	 1,
	 "begin, unreachable down",
	 "",
	 ENETUNREACH,
	 0},
	{"a route that prohibits",
	 {EACCES, 9},
	 {0},
	 {0},
	 1,
	 "begin, unreachable down",
	 "",
	 EACCES,
	 0},
	{"no stamps",
	 {0},
	 {0},
	 {ENOPROTOOPT, 9},
	 1,
	 "begin, internal down",
	 stamps,
	 ENOPROTOOPT,
	 0},
};

static void test_refused_here(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, CALM);
		f.ladder_wanted = true;
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		sending = refusals[i].sending;
		connecting = refusals[i].connecting;
		stamping = refusals[i].stamping;
		fixture_probe(t);
		pass_ms(refusals[i].after_ms);
		sending = connecting = stamping = (struct failing){0};
		is_str(fixture_told(&f), refusals[i].told, refusals[i].name);
		is_str(f.last.detail, refusals[i].detail, "in words");
		if (refusals[i].after_ms == 1)
			is_str(f.ladder, "closed@0", "nothing was sent");
		is_int(f.last.err, refusals[i].err, "as the kernel says it");
		is_int(f.last.retransmissions, refusals[i].retransmissions,
		       "tried again where that may help");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* The next copy passes: lost, as on the way. */
static void test_passes_later(void)
{
	static const int errs[] = {EPERM, ENOBUFS, EAGAIN, ENOMEM};

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, CALM);
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		sending = (struct failing){errs[i], 1};
		fixture_probe(t);
		is_int(fixture_drain(&f), 0, strerror(errs[i]));
		pass_ms(500);
		is_int(fixture_drain(&f), 1, "the next copy");
		fixture_reply(&f, "200 OK", "");
		is_str(fixture_told(&f), "begin, response 200 up", "no failure");
		pass_ms(6000);
		is_str(fixture_settled(&f), "2 1 1", "one of two");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* What ICMP said of an earlier datagram is handed to the next call, whosever that is. */
static void test_another_ones(void)
{
	static const int errs[] = {
		ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ENOPROTOOPT,
		EPROTO,	      EACCES,	    EHOSTDOWN,	 ENONET,   EOPNOTSUPP,
	};

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, CALM);
		t = fixture_target(&f, &prober_options);
		(void)fixture_told(&f);
		sending = (struct failing){errs[i], 2};
		fixture_probe(t);
		is_int(fixture_drain(&f), 1, strerror(errs[i]));
		fixture_reply(&f, "200 OK", "");
		is_str(fixture_told(&f), "begin, response 200 up", "sent at once");
		is_str(fixture_settled(&f), "1 1 0", "and nothing lost");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* A firewall of our own that drops may tell so by ICMP: not a word of the peer's. */
static void test_own_icmp(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, CALM);
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	sending = (struct failing){EPERM, 9};
	fixture_probe(t);
	target_icmp(t, ECONNREFUSED);
	is_str(fixture_told(&f), "begin", "nothing went out that could be refused there");
	pass_ms(2000);
	sending = (struct failing){0};
	is_str(fixture_told(&f), "internal down", "it is this machine");
	pass_ms(6000);
	is_str(fixture_settled(&f), "0 0 0", "and no loss");
	mem_deref(t);
	fixture_close(&f);
}

/* It left in the middle of the call, or soon after its beginning where we were put off.
 */
static void test_when_it_left(void)
{
	static const struct {
		int64_t takes_us, left_us;
	} calls[] = {{0, 0}, {4, 2}, {10, 5}, {5000, 5}};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, UDP, CALM);
		t = fixture_target(&f, &prober_options);
		call_takes_ns = calls[i].takes_us * CLOCK_NS_PER_US;
		fixture_probe(t);
		call_takes_ns = 0;
		is_int((t->attempt->sent_ns - t->begun_ns) / CLOCK_NS_PER_US,
		       calls[i].left_us, "after it began");
		is_int(attempt_copied_ns(t), 0, "and it was not sent again");
		mem_deref(t);
		fixture_close(&f);
	}
}

/*
 * The way out is chosen anew after the first failure in a row and each eighth from then
 * on: an end of ours that it does not give is then forgotten.
 */
static void test_way(void)
{
	struct sa elsewhere;
	struct fixture f;
	struct target *t;

	(void)sa_set_str(&elsewhere, "127.0.0.9", 5099);
	fixture_open(&f, UDP,
		     CALM ", \"up_codes\": [200], \"auth\": {\"username\": \"bob\", "
			  "\"password\": \"x\"}");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	(void)fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	for (int failures = 0; failures < 19; failures++) {
		fixture_set_local(t, &elsewhere);
		fixture_probe(t);
		is_int(fixture_drain(&f), 1, "asked");
		is_int(!strstr(fixture_field(&f, "Via"), "127.0.0.9"), failures % 8 == 1,
		       "whether from another end");
		fixture_reply(&f, "404 Not Found", "");
	}
	fixture_probe(t);
	(void)fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	fixture_set_local(t, &elsewhere);
	fixture_probe(t);
	(void)fixture_drain(&f);
	ok(strstr(fixture_field(&f, "Via"), "127.0.0.9"), "after a success it is kept");
	mem_deref(t);
	fixture_close(&f);
}

/* Our end, which is the same for most, is kept once. */
static void test_shared_end(void)
{
	struct target *one, *other;
	struct fixture f;

	fixture_open(&f, UDP, CALM);
	one = fixture_target(&f, &prober_options);
	other = fixture_target(&f, &prober_options);
	fixture_probe(one);
	fixture_probe(other);
	ok(one->local && one->local == other->local, "two share it");
	mem_deref(one);
	ok(sa_isset(&other->local->sa, SA_ALL), "the one that is left has it still");
	mem_deref(other);
	ok(list_isempty(&f.services.locals), "and with the last it goes");
	fixture_close(&f);
}

/* The second request of a probe, with credentials, would not leave. */
static void test_second_request(void)
{
	static const char challenge[] =
		"WWW-Authenticate: Digest realm=\"a\",nonce=\"1\"\r\n";
	static const char other[] =
		"WWW-Authenticate: Digest realm=\"a\",nonce=\"2\",stale=true\r\n";
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP,
		     CALM ", \"auth\": {\"username\": \"bob\", \"password\": \"x\"}");
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	fixture_drain(&f);
	sending = (struct failing){EPERM, 9};
	fixture_reply(&f, "401 Unauthorized", challenge);
	pass_ms(2000);
	is_str(fixture_told(&f), "begin, internal down", "the second request");
	is_str(f.last.detail, firewall, "in words");
	sending = (struct failing){0};
	fixture_probe(t);
	fixture_drain(&f);
	no_memory = true;
	fixture_reply(&f, "401 Unauthorized", other);
	is_str(fixture_told(&f), "begin, internal down", "nor be made");
	is_int(f.last.err, ENOMEM, "for want of memory");
	no_memory = false;
	mem_deref(t);
	fixture_close(&f);
}

/* Over TCP, where connect() says it. */
static void test_over_tcp(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_TCP, CALM);
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	connecting = (struct failing){EINVAL, 1};
	fixture_probe(t);
	is_str(fixture_told(&f), "begin, unreachable down", "a blackhole route");
	is_str(f.last.detail, blackhole, "in words");
	stamping = (struct failing){ENOPROTOOPT, 1};
	fixture_probe(t);
	is_str(fixture_told(&f), "begin, internal down", "no stamps");
	is_str(f.last.detail, stamps, "in words, too");
	connecting = (struct failing){EADDRINUSE, 1};
	fixture_probe(t);
	is_str(fixture_told(&f), "begin, internal down", "no port is left");
	is_int(f.last.err, EADDRINUSE, "which nobody waits for");
	mem_deref(t);
	fixture_close(&f);

	fixture_open(&f, CONFIG_TRANSPORT_TCP,
		     CALM ", \"auth\": {\"username\": \"bob\", \"password\": \"x\"}");
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	no_memory = true;
	for (int i = 0; i < 1000 && t->pending; i++)
		loop_turn();
	no_memory = false;
	is_str(fixture_told(&f), "begin, internal down",
	       "connected, and nothing to send");
	is_int(f.last.err, ENOMEM, "for want of memory");
	mem_deref(t);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_refused_here, test_passes_later, test_another_ones,   test_way,
		test_own_icmp,	   test_when_it_left, test_second_request, test_over_tcp,
		test_shared_end,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

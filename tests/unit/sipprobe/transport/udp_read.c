/* UDP sockets: what is read at once, and who looks at it. */
#include "tests/unit/sipprobe/transport/udp_end.h"

/* More than one batch; the handler may close the socket. */
static void test_many(void)
{
	struct end a, b;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1"))
		return;
	for (int i = 0; i < 300; i++)
		(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	ok(loop_until(has_many, &b), "300 datagrams");
	is_int(b.datagrams, 300, "and no more");
	b.datagrams = 0;
	b.close = true;
	(void)udp_transmit(a.udp, udp_local(b.udp), "", 0, 0);
	ok(loop_until(has_datagram, &b) && !b.udp, "closed in its handler");
	is_int((long long)b.last_len, 0, "an empty datagram is one");
	mem_deref(a.udp);
}

/* What waits is read without the loop, once for each moment that is asked for. */
static void test_catch_up(void)
{
	int64_t now_ns;
	struct end a, b, gone;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1") ||
	    !end_open(&gone, "127.0.0.1"))
		return;
	for (int i = 0; i < 100; i++)
		(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	now_ns = clock_monotonic_ns();
	udp_catch_up(b.udp, now_ns);
	is_int(b.datagrams, 100, "all that waited");
	ok(b.rx_ns <= now_ns, "stamped as it came");
	(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	udp_catch_up(b.udp, now_ns);
	is_int(b.datagrams, 100, "it came later than that");
	udp_catch_up(b.udp, clock_monotonic_ns());
	is_int(b.datagrams, 101, "than this it did not");

	(void)udp_transmit(a.udp, udp_local(gone.udp), "x", 1, 0);
	a.close = true;
	(void)udp_transmit(b.udp, udp_local(a.udp), "x", 1, 0);
	gone.udp = mem_deref(gone.udp);
	udp_catch_up(a.udp, clock_monotonic_ns());
	ok(!a.udp, "closed in its handler");
	if (end_open(&a, "127.0.0.1") && end_open(&gone, "127.0.0.1")) {
		struct sa sa = *udp_local(gone.udp);

		gone.udp = mem_deref(gone.udp);
		(void)udp_transmit(a.udp, &sa, "x", 1, 0);
		udp_catch_up(a.udp, clock_monotonic_ns());
		is_int(a.err, ECONNREFUSED, "errors are read too");
	}
	mem_deref(a.udp);
	mem_deref(b.udp);
}

/* Somebody who looks at what arrives before all others. */
struct looker {
	struct udp_tap tap;
	unsigned datagrams, errors;
	struct udp_icmp icmp;
	bool takes;
	bool leaves; /* once it has looked */
};

static bool look_datagram_h(const struct sa *src, const char *buf, size_t len,
			    int64_t rx_ns, void *arg)
{
	struct looker *l = arg;

	(void)src;
	(void)buf;
	(void)len;
	(void)rx_ns;
	l->datagrams++;
	if (l->leaves)
		list_unlink(&l->tap.le);
	return l->takes;
}

static bool look_error_h(const struct sa *dst, const struct udp_icmp *icmp,
			 const char *buf, size_t len, void *arg)
{
	struct looker *l = arg;

	(void)dst;
	(void)buf;
	(void)len;
	l->errors++;
	l->icmp = *icmp;
	if (l->leaves)
		list_unlink(&l->tap.le);
	return l->takes;
}

static bool has_looked(void *arg)
{
	const struct looker *l = arg;

	return l->datagrams && l->errors;
}

/* What a tap takes nobody else sees, and what it leaves goes its way. */
static void check_tap(const char *address, uint8_t type, uint8_t code)
{
	for (int takes = 0; takes < 2; takes++) {
		struct looker l = {
			.tap = {.datagram_h = look_datagram_h, .error_h = look_error_h},
			.takes = takes};
		struct end a, b, c;

		if (!end_open(&a, address) || !end_open(&b, address) ||
		    !end_open(&c, address)) {
			ok(true, "%s # SKIP no such address here", address);
			return;
		}
		l.tap.arg = &l;
		udp_tap(a.udp, &l.tap);
		(void)udp_transmit(b.udp, udp_local(a.udp), "in", 2, 0);
		a.from = *udp_local(c.udp);
		c.udp = mem_deref(c.udp);
		(void)udp_transmit(a.udp, &a.from, "out", 3, 0);
		ok(loop_until(has_looked, &l), "%s: both were looked at", address);
		ok(l.icmp.type == type && l.icmp.code == code, "type and code");
		ok(sa_cmp(&l.icmp.offender, udp_local(a.udp), SA_ADDR),
		   "and who said it");
		is_int(a.datagrams + a.errors, takes ? 0 : 2, "what is left goes on");
		a.udp = mem_deref(a.udp);
		ok(!l.tap.le.list, "a socket that is closed has no taps");
		mem_deref(b.udp);
	}
}

/* A socket reads as much at once as takes about a millisecond. */
static void test_batches(void)
{
	static char large[60000];
	unsigned at_once;
	struct end a, b;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1"))
		return;
	for (int i = 0; i < 5; i++)
		(void)udp_transmit(a.udp, udp_local(b.udp), large, sizeof(large), 0);
	(void)udp_read(b.udp);
	is_int(b.udp->batch, UDP_BATCH, "five large ones take less");
	for (int i = 0; i < 6; i++)
		(void)udp_transmit(a.udp, udp_local(b.udp), large, sizeof(large), 0);
	(void)udp_read(b.udp);
	if (b.datagrams == 11)
		is_int(b.udp->batch, 6, "six take more: no more at once");
	for (int i = 0; i < 7; i++)
		(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	b.datagrams = 0;
	at_once = b.udp->batch;
	is_int(udp_read(b.udp), at_once < 7, "a full batch: there may be more");
	(void)udp_read(b.udp);
	is_int(b.datagrams, 7, "which is read");
	is_int(b.udp->batch, UDP_BATCH, "small ones: as many as ever");
	for (int i = 0; i <= UDP_BATCH; i++)
		(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	b.datagrams = 0;
	is_int(udp_read(b.udp), true, "there is more");
	is_int(b.datagrams, UDP_BATCH, "than one batch");
	is_int(udp_read(b.udp), false, "there is none");
	is_int(b.datagrams, UDP_BATCH + 1, "after all of them");
	mem_deref(a.udp);
	mem_deref(b.udp);
}

/* Looks at the socket's queue as often as what is asked about may have come since. */
static void test_catch_up_again(void)
{
	struct end a, b;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1"))
		return;
	udp_catch_up(b.udp, clock_monotonic_ns());
	(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	udp_catch_up(b.udp, b.udp->read_ns);
	is_int(b.datagrams, 0, "it was read then");
	udp_catch_up(b.udp, b.udp->read_ns + 1);
	is_int(b.datagrams, 1, "a moment later it was not");
	mem_deref(a.udp);
	mem_deref(b.udp);
}

/* Errors of several, one of which carried nothing. */
static void test_catch_up_errors(void)
{
	struct end a, gone[3];
	struct sa sa[3];

	if (!end_open(&a, "127.0.0.1"))
		return;
	for (int i = 0; i < 3; i++) {
		if (!end_open(&gone[i], "127.0.0.1"))
			return;
		sa[i] = *udp_local(gone[i].udp);
	}
	for (int i = 0; i < 3; i++)
		mem_deref(gone[i].udp);
	for (int i = 0; i < 3; i++)
		(void)udp_transmit(a.udp, &sa[i], "x", i != 1, 0);
	udp_catch_up(a.udp, clock_monotonic_ns());
	is_int(a.errors, 3, "all of them are told");
	ok(sa_cmp(&a.from, &sa[2], SA_ALL), "in order");
	mem_deref(a.udp);
}

/* The kernel hands an error that is left in its queue to whoever reads a datagram next.
 */
static void test_error_before_datagram(void)
{
	struct end a, b, gone;
	struct sa sa;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1") ||
	    !end_open(&gone, "127.0.0.1"))
		return;
	sa = *udp_local(gone.udp);
	gone.udp = mem_deref(gone.udp);
	for (int i = 0; i < 2 * UDP_BATCH; i++)
		(void)udp_transmit(a.udp, &sa, "x", 1, 0);
	(void)udp_transmit(b.udp, udp_local(a.udp), "answer", 6, 0);
	(void)udp_read(a.udp);
	is_int(a.errors, UDP_BATCH, "as many errors as are read at once");
	is_int(a.datagrams, 1, "what waits is read all the same");
	mem_deref(a.udp);
	mem_deref(b.udp);
}

/* A clock that was set is not taken on before what came by it as it was is read. */
static void test_error_hides_datagram(void)
{
	int64_t set_ns;
	struct end a, b, gone;
	struct sa sa;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1") ||
	    !end_open(&gone, "127.0.0.1"))
		return;
	sa = *udp_local(gone.udp);
	gone.udp = mem_deref(gone.udp);
	set_ns = a.udp->stamps.offset_ns += 3600 * CLOCK_NS_PER_S;
	(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	ok(a.udp->stamps.offset_ns != set_ns, "nothing waits: taken on");
	(void)udp_transmit(b.udp, udp_local(a.udp), "answer", 6, 0);
	(void)udp_transmit(a.udp, &sa, "x", 1, 0);
	set_ns = a.udp->stamps.offset_ns += 3600 * CLOCK_NS_PER_S;
	(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	ok(a.udp->stamps.offset_ns == set_ns, "an error is no word that nothing waits");
	(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	ok(a.udp->stamps.offset_ns == set_ns, "once it is gone what waits is seen");
	(void)udp_read(a.udp);
	ok(a.udp->stamps.offset_ns != set_ns, "and read, after which it is taken on");
	mem_deref(a.udp);
	mem_deref(b.udp);
}

/* The stamp is the kernel's, also when we come 20 ms late. */
static void test_stamps(void)
{
	int64_t sent_ns;
	struct end a, b;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1"))
		return;
	usleep(20000); /* it begins to stamp a moment after it was asked to */
	sent_ns = clock_monotonic_ns();
	(void)udp_transmit(a.udp, udp_local(b.udp), "x", 1, 0);
	usleep(20000);
	udp_catch_up(b.udp, clock_monotonic_ns());
	ok(b.rx_ns > sent_ns - CLOCK_NS_PER_MS &&
		   b.rx_ns < sent_ns + 15 * CLOCK_NS_PER_MS,
	   "stamped %lld us after it was sent", (long long)(b.rx_ns - sent_ns) / 1000);
	mem_deref(a.udp);
	mem_deref(b.udp);
}

/* What was told of datagrams, and when. */
struct told {
	unsigned batches, coming, datagrams;
	bool early; /* of each batch before its first datagram, and with its bytes */
};

static void told_coming_h(const struct mmsghdr *all, unsigned n, void *arg)
{
	struct told *told = arg;

	told->early &= told->coming == told->datagrams;
	told->batches++;
	told->coming += n;
	for (unsigned i = 0; i < n; i++)
		told->early &= all[i].msg_len == 1 &&
			       *(char *)all[i].msg_hdr.msg_iov->iov_base == 'x';
}

static void told_datagram_h(struct udp *u, const struct sa *src, const char *buf,
			    size_t len, int64_t rx_ns, void *arg)
{
	struct told *told = arg;

	(void)u, (void)src, (void)buf, (void)len, (void)rx_ns;
	told->datagrams++;
}

static void test_coming(void)
{
	static const struct udp_events told_events = {.datagram_h = told_datagram_h,
						      .coming_h = told_coming_h};
	struct told told = {.early = true};
	struct udp *to = NULL;
	struct end a;
	struct sa sa;

	sa_set_str(&sa, "127.0.0.1", 0);
	if (!end_open(&a, "127.0.0.1") || udp_socket(&to, &sa, &told_events, &told))
		return;
	(void)udp_read(to);
	is_int(told.batches, 0, "nothing is coming");
	for (int i = 0; i < UDP_BATCH + 3; i++)
		(void)udp_transmit(a.udp, udp_local(to), "x", 1, 0);
	udp_catch_up(to, clock_monotonic_ns());
	is_int(told.datagrams, UDP_BATCH + 3, "datagrams");
	is_int(told.coming, UDP_BATCH + 3, "each was announced");
	is_int(told.batches, 2, "by the batch");
	ok(told.early, "before it was handed over");
	mem_deref(to);
	mem_deref(a.udp);
}

static void test_ttl(void)
{
	int ttl = 9, fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct end a;

	if (!end_open(&a, "127.0.0.1") ||
	    setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)))
		return;
	(void)sendto(fd, "x", 1, 0, &udp_local(a.udp)->u.sa, udp_local(a.udp)->len);
	ok(loop_until(has_datagram, &a), "a datagram");
	is_int(udp_rx_ttl(a.udp), 9, "with the TTL that it came with");
	mem_deref(a.udp);
	(void)close(fd);
}

static int buffer_of(int fd, int name)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	(void)getsockopt(fd, SOL_SOCKET, name, &bytes, &len);
	return bytes;
}

/* Room for bursts: what the kernel gives, which is more than a socket has by default. */
static void test_buffers(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 8 << 20;
	struct end a;

	if (!end_open(&a, "127.0.0.1"))
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	ok(buffer_of(a.udp->fd, SO_RCVBUF) >= buffer_of(fd, SO_RCVBUF), "to receive");
	ok(buffer_of(a.udp->fd, SO_SNDBUF) >= buffer_of(fd, SO_SNDBUF), "to send");
	mem_deref(a.udp);
	(void)close(fd);
}

/* One that is bound to all addresses of IPv6 leaves those of IPv4 to others. */
static void test_one_family(void)
{
	struct end a, b, c;
	struct sa sa;

	if (!end_open(&a, "::") || !end_open(&b, "127.0.0.1")) {
		ok(true, "IPv6 # SKIP no such address here");
		return;
	}
	sa_set_str(&sa, "0.0.0.0", sa_port(udp_local(a.udp)));
	c = (struct end){.udp = NULL};
	is_int(udp_socket(&c.udp, &sa, &events, &c), 0, "the same port of IPv4");
	sa_set_str(&sa, "127.0.0.1", sa_port(&sa));
	(void)udp_transmit(b.udp, &sa, "x", 1, 0);
	ok(loop_until(has_datagram, &c) && !a.datagrams, "gets what is for it");
	mem_deref(a.udp);
	mem_deref(b.udp);
	mem_deref(c.udp);
}

/* What one leaves the next looks at; one may leave while it looks. */
static void test_taps(void)
{
	struct looker l[3];
	struct end a, b, gone;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1"))
		return;
	for (int i = 0; i < 3; i++) {
		l[i] = (struct looker){
			.tap = {.datagram_h = look_datagram_h, .error_h = look_error_h},
			.takes = i == 1,
			.leaves = i == 0};
		l[i].tap.arg = &l[i];
		udp_tap(a.udp, &l[i].tap);
	}
	(void)udp_transmit(b.udp, udp_local(a.udp), "x", 1, 0);
	(void)udp_transmit(b.udp, udp_local(a.udp), "x", 1, 0);
	(void)udp_read(a.udp);
	is_int(l[0].datagrams, 1, "the first one left with the first");
	is_int(l[1].datagrams, 2, "the second takes both");
	is_int(l[2].datagrams + a.datagrams, 0, "from all behind it");
	udp_tap(a.udp, &l[0].tap);
	for (int i = 0; i < 2 && end_open(&gone, "127.0.0.1"); i++) {
		struct sa sa = *udp_local(gone.udp);

		gone.udp = mem_deref(gone.udp);
		l[1].takes = i;
		(void)udp_transmit(a.udp, &sa, "x", 1, 0);
		(void)udp_read(a.udp);
		is_int(l[1].errors, i + 1, "errors, too");
		is_int(l[2].errors, 1, "which the third sees if the second leaves them");
		is_int(a.errors, 1, "and the socket's owner");
	}
	is_int(l[0].errors, 1, "one may leave there as well");
	mem_deref(a.udp);
	mem_deref(b.udp);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_many();
	test_batches();
	test_catch_up();
	test_catch_up_again();
	test_catch_up_errors();
	test_error_before_datagram();
	test_error_hides_datagram();
	test_stamps();
	test_coming();
	test_ttl();
	test_buffers();
	test_one_family();
	check_tap("127.0.0.1", 3, 3);
	check_tap("::1", 1, 4);
	test_taps();
	libre_close();
	return tap_done();
}

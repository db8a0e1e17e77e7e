/* UDP sockets: stamps, ICMP errors by the error queue, the DSCP of what is sent. */
#include "sipprobe/transport/local_sockets.h"
#include "tests/unit/sipprobe/transport/udp_end.h"

static void check_pair(const char *address, unsigned dscp)
{
	int64_t sent_ns;
	struct end a, b;

	if (!end_open(&a, address) || !end_open(&b, address)) {
		ok(true, "%s # SKIP no such address here", address);
		return;
	}
	ok(sa_port(udp_local(a.udp)) != 0, "%s: the port is known", address);
	sent_ns = clock_monotonic_ns();
	is_int(udp_transmit(a.udp, udp_local(b.udp), "hello", 5, dscp), 0, "sent");
	ok(loop_until(has_datagram, &b), "arrived");
	is_str(b.last, "hello", "as it was");
	ok(sa_cmp(&b.from, udp_local(a.udp), SA_ALL), "from where it was sent");
	ok(b.rx_ns >= sent_ns - CLOCK_NS_PER_MS && b.rx_ns <= clock_monotonic_ns(),
	   "stamped on the monotonic clock");
	is_int(udp_rx_ttl(b.udp), 64, "with the TTL that it came with");
	mem_deref(a.udp);
	mem_deref(b.udp);
}

static void check_refused(const char *address, unsigned dscp)
{
	struct end a, b;
	struct sa gone;

	if (!end_open(&a, address) || !end_open(&b, address)) {
		ok(true, "%s # SKIP no such address here", address);
		return;
	}
	gone = *udp_local(b.udp);
	b.udp = mem_deref(b.udp);
	is_int(udp_transmit(a.udp, &gone, "hello", 5, dscp), 0, "sent to nobody");
	ok(loop_until(has_error, &a), "ICMP is told");
	is_int(a.err, ECONNREFUSED, "refused");
	is_str(a.last, "hello", "with what was sent");
	ok(sa_cmp(&a.from, &gone, SA_ALL), "and where to");

	/* The error of one is not the fault of the next. */
	(void)udp_transmit(a.udp, &gone, "again", 5, dscp);
	if (end_open(&b, address)) {
		is_int(udp_transmit(a.udp, udp_local(b.udp), "other", 5, dscp), 0,
		       "another goes out all the same");
		ok(loop_until(has_datagram, &b), "and arrives");
	}
	mem_deref(a.udp);
	mem_deref(b.udp);
}

static void test_dscp(void)
{
	static const struct {
		unsigned dscp;
		int tos;
	} cases[] = {{0, 0}, {46, 0xb8}};
	struct sa sa = {.len = sizeof(sa.u)};
	struct end a;
	int on = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	sa_set_str(&sa, "127.0.0.1", 0);
	sa.len = sizeof(sa.u);
	if (bind(fd, &sa.u.sa, sizeof(sa.u.in)) || getsockname(fd, &sa.u.sa, &sa.len) ||
	    setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)) ||
	    !end_open(&a, "127.0.0.1"))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buf[16], control[64];
		struct iovec iov = {buf, sizeof(buf)};
		struct msghdr h = {.msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = sizeof(control)};
		struct cmsghdr *c;

		(void)udp_transmit(a.udp, &sa, "x", 1, cases[i].dscp);
		is_int(recvmsg(fd, &h, 0), 1, "a packet");
		c = CMSG_FIRSTHDR(&h);
		is_int(c ? *CMSG_DATA(c) : -1, cases[i].tos, "with its DSCP");
	}
	mem_deref(a.udp);
	(void)close(fd);
}

/* The traffic class of a packet (RFC 3542 6.5), which carries the DSCP as well. */
static void test_dscp_ipv6(void)
{
	int on = 1, class = -1, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char buf[16], control[64];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct end a;
	struct sa sa;

	sa_set_str(&sa, "::1", 0);
	sa.len = sizeof(sa.u);
	if (bind(fd, &sa.u.sa, sizeof(sa.u.in6)) || getsockname(fd, &sa.u.sa, &sa.len) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on)) ||
	    !end_open(&a, "::1")) {
		ok(true, "IPv6 # SKIP no such address here");
		(void)close(fd);
		return;
	}
	(void)udp_transmit(a.udp, &sa, "x", 1, 46);
	is_int(recvmsg(fd, &h, 0), 1, "a packet of IPv6");
	if (CMSG_FIRSTHDR(&h))
		memcpy(&class, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(class));
	is_int(class, 0xb8, "with its DSCP");
	mem_deref(a.udp);
	(void)close(fd);
}

static int discovery(const struct udp *u)
{
	int how = -1;
	socklen_t len = sizeof(how);

	(void)getsockopt(u->fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, &len);
	return how;
}

/* Small ones are never fragmented; a large one may be, and leaves that as it was. */
static void test_whole(void)
{
	static char text[1400];
	struct end a, b;

	if (!end_open(&a, "127.0.0.1") || !end_open(&b, "127.0.0.1"))
		return;
	is_int(discovery(a.udp), IP_PMTUDISC_DO, "whole");
	for (size_t len = 1199; len <= 1202; len++)
		is_int(udp_transmit(a.udp, udp_local(b.udp), text, len, len & 1 ? 0 : 46),
		       0, "sent");
	is_int(discovery(a.udp), IP_PMTUDISC_DO, "and whole again");
	mem_deref(a.udp);
	mem_deref(b.udp);
}

static void test_failures(void)
{
	static char large[66000];
	struct sa sa, src;
	struct end a, b;

	if (!end_open(&a, "127.0.0.1"))
		return;
	is_int(udp_transmit(a.udp, udp_local(a.udp), large, sizeof(large), 0), EMSGSIZE,
	       "no datagram is so large");
	is_int(udp_transmit(a.udp, udp_local(a.udp), large, sizeof(large), 46), EMSGSIZE,
	       "with a DSCP, too");
	sa = *udp_local(a.udp);
	is_int(udp_socket(&b.udp, &sa, &events, &b), EADDRINUSE, "a port that is taken");
	sa_set_str(&sa, "192.0.2.1", 0);
	is_int(udp_socket(&b.udp, &sa, &events, &b), EADDRNOTAVAIL,
	       "an address that is not ours");
	sa_set_str(&sa, "127.0.0.1", 5060);
	is_int(udp_source(&src, &sa), 0, "the address towards another");
	ok(sa_cmp(&src, &sa, SA_ADDR) && !sa_port(&src), "is on its way");
	sa_set_str(&sa, "255.255.255.255", 5060);
	ok(udp_source(&src, &sa) != 0, "there is none towards all");
	mem_deref(a.udp);
}

static void test_local_address(void)
{
	static const struct {
		struct config_local conf;
		int af, err;
		const char *want;
		uint16_t port;
	} cases[] = {
		{{NULL, 5060}, AF_INET, 0, "0.0.0.0", 5060},
		{{NULL, 0}, AF_INET6, 0, "::", 0},
		{{"192.0.2.1", 5061}, AF_INET, 0, "192.0.2.1", 5061},
		{{"192.0.2.1", 0}, AF_INET6, EAFNOSUPPORT, NULL, 0},
		{{"2001:db8::1", 0}, AF_INET, EAFNOSUPPORT, NULL, 0},
		{{"2001:db8::1", 0}, AF_INET6, 0, "2001:db8::1", 0},
		{{"fe80::1%none9", 0}, AF_INET6, ENODEV, NULL, 0},
		{{"here", 0}, AF_INET, EINVAL, NULL, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sa sa, want;
		const char *name = cases[i].conf.address ? cases[i].conf.address : "any";

		is_int(local_sockets_address(&sa, &cases[i].conf, cases[i].af),
		       cases[i].err, name);
		if (cases[i].err)
			continue;
		sa_set_str(&want, cases[i].want, cases[i].port);
		ok(sa_cmp(&sa, &want, SA_ALL), "to bind to");
	}
}

static void test_local_fits(void)
{
	static const struct {
		struct config_local conf;
		const char *bound;
		uint16_t port;
		bool fits;
	} cases[] = {
		{{NULL, 5060}, "192.0.2.1", 5060, true},
		{{NULL, 5060}, "192.0.2.1", 5061, false},
		{{"192.0.2.1", 0}, "192.0.2.1", 5061, true},
		{{"192.0.2.1", 0}, "192.0.2.2", 5061, false},
		{{"192.0.2.1", 5060}, "192.0.2.1", 5061, false},
		{{"192.0.2.1", 0}, "2001:db8::1", 5060, false},
		{{"2001:db8::1", 0}, "2001:db8::1", 5060, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sa bound;

		sa_set_str(&bound, cases[i].bound, cases[i].port);
		is_int(local_sockets_fits(&cases[i].conf, &bound), cases[i].fits,
		       cases[i].bound);
	}
}

/* One socket for all who want the same, for as long as somebody does. */
static void test_local_sockets(void)
{
	const struct config_local first = {.address = "127.0.0.1"},
				  second = {.address = "127.0.0.2"}, none = {0};
	struct local_sockets *l = NULL;
	struct udp *a = NULL, *b = NULL, *again = NULL;
	struct sa one, two, taken;

	is_int(local_sockets_alloc(&l, &events, NULL), 0, "made");
	sa_set_str(&one, "127.0.0.1", 0);
	sa_set_str(&two, "127.0.0.2", 0);
	ok(!local_sockets_find(l, &one), "none is open");
	is_int(local_sockets_get(l, &a, &one), 0, "opened");
	is_int(local_sockets_get(l, &again, &one), 0, "and again");
	ok(a == again && local_sockets_find(l, &one) == a, "the same one");
	is_int(local_sockets_get(l, &b, &two), 0, "another");
	ok(a != b, "of its own");
	taken = *udp_local(a);
	is_int(local_sockets_get(l, &again, &taken), EADDRINUSE, "one that is taken");
	ok(!local_sockets_find(l, &taken), "is not kept");
	local_sockets_mark(l, &second);
	local_sockets_mark(l, &none);
	local_sockets_sweep(l);
	ok(!local_sockets_find(l, &one) && local_sockets_find(l, &two) == b,
	   "nobody wants the first any more");
	local_sockets_mark(l, &first);
	local_sockets_sweep(l);
	ok(!local_sockets_find(l, &two), "a mark is good for one sweep");
	mem_deref(l);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	check_pair("127.0.0.1", 0);
	check_pair("127.0.0.1", 46);
	check_pair("::1", 0);
	check_pair("::1", 46);
	check_refused("127.0.0.1", 0);
	check_refused("::1", 46);
	test_dscp();
	test_dscp_ipv6();
	test_whole();
	test_failures();
	test_local_address();
	test_local_fits();
	test_local_sockets();
	libre_close();
	return tap_done();
}

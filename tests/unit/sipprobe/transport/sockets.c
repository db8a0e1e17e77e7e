/* The engine's own ends: prepared, put in force or given up. */
#include <sys/resource.h>

#include "tests/unit/sipprobe/transport/cert_file.h"
#include "tests/unit/sipprobe/transport/ends.h"

static uint16_t stream_port(const struct ends *e, enum config_transport transport,
			    const char *ours)
{
	struct sa sa;

	(void)sa_set_str(&sa, ours, 0);
	return sockets_stream_port(e->sockets, transport, &sa);
}

static void test_reload(void)
{
	const struct config_listen both[] = {UDP_LOCAL, TCP_LOCAL};
	char first[64];
	struct ends e;
	int open;

	ends_open(&e);
	open = descriptors_open();
	ok(!sockets_listening(e.sockets, 0), "nothing is open");
	is_int(ends_prepare(&e, both, 2), 0, "prepared");
	ok(!sockets_listening(e.sockets, 0), "but not in force");
	ok(sockets_commit(e.sockets), "in force: UDP came");
	ok(sockets_turns(e.sockets) != NULL, "with turns for all who share the loop");
	(void)snprintf(first, sizeof(first), "%s", sockets_listening(e.sockets, 0));
	ok(!strncmp(first, "udp:127.0.0.1:", 14), "%s", first);
	ok(!strncmp(sockets_listening(e.sockets, 1), "tcp:127.0.0.1:", 14), "and TCP");
	ok(!sockets_listening(e.sockets, 2), "and no more");
	is_int(stream_port(&e, CONFIG_TRANSPORT_TCP, "127.0.0.1"),
	       sa_port(ends_address(&e, 1)), "the port of TCP");
	is_int(stream_port(&e, CONFIG_TRANSPORT_TCP, "0.0.0.0"),
	       sa_port(ends_address(&e, 1)), "also where our address is not known yet");
	is_int(stream_port(&e, CONFIG_TRANSPORT_TCP, "127.0.0.2"), 0,
	       "another address is not listened on");
	is_int(stream_port(&e, CONFIG_TRANSPORT_TLS, "127.0.0.1"), 0,
	       "of TLS there is none");
	is_int(stream_port(&e, CONFIG_TRANSPORT_TCP, "::"), 0, "nor of IPv6");

	is_int(ends_prepare(&e, both, 2), 0, "the same again");
	ok(!sockets_commit(e.sockets), "changes nothing");
	is_str(sockets_listening(e.sockets, 0), first, "no other port");

	is_int(ends_prepare(&e, both + 1, 1), 0, "without UDP");
	sockets_abandon(e.sockets);
	is_str(sockets_listening(e.sockets, 0), first, "given up: all stays");
	is_int(ends_prepare(&e, both, 2), 0, "with UDP");
	sockets_abandon(e.sockets);
	is_int(ends_prepare(&e, both + 1, 1), 0, "without it once more");
	ok(sockets_commit(e.sockets), "in force: UDP went");
	ok(!strncmp(sockets_listening(e.sockets, 0), "tcp:", 4), "TCP stays");
	is_int(ends_prepare(&e, both, 0), 0, "without TCP");
	ok(!sockets_commit(e.sockets), "TCP's going is nobody's choice");
	ok(!sockets_listening(e.sockets, 0), "nothing is listed");
	is_int(descriptors_open(), open, "nor open");
	ends_close(&e);
}

/* A port that an end of before has cannot be had beside it, which is said. */
static void test_same_port(void)
{
	struct config_listen list[] = {TCP_LOCAL};
	char want[128];
	struct ends e;
	uint16_t port;

	ends_open(&e);
	(void)ends_prepare(&e, list, 1);
	(void)sockets_commit(e.sockets);
	port = sa_port(ends_address(&e, 0));
	list[0].port = port;
	list[0].host = "0.0.0.0";
	is_int(ends_prepare(&e, list, 1), EADDRINUSE, "all addresses in place of one");
	(void)snprintf(want, sizeof(want),
		       "tcp:0.0.0.0:%u: Address already in use by tcp:127.0.0.1:%u of "
		       "before: that takes a restart",
		       port, port);
	is_str(e.err, want, "what has it");
	sockets_abandon(e.sockets);
	ends_close(&e);
}

/* What connects is looked after every five seconds; datagrams want nothing of the kind.
 */
static void test_sweep(void)
{
	const struct config_listen both[] = {UDP_LOCAL, TCP_LOCAL};
	struct rlimit old, low;
	int64_t next_ns;
	struct ends e;
	int fd;

	ends_open(&e);
	(void)ends_prepare(&e, both, 1);
	(void)sockets_commit(e.sockets);
	ok(wheel_next_ns(virtual_ticker->wheel) == INT64_MAX, "UDP alone: no timer");
	(void)ends_prepare(&e, both, 2);
	(void)sockets_commit(e.sockets);
	next_ns = wheel_next_ns(virtual_ticker->wheel) - virtual_now_ns;
	ok(next_ns > 4 * CLOCK_NS_PER_S && next_ns < 6 * CLOCK_NS_PER_S, "every 5 s");
	pass_ms(3000);
	(void)ends_prepare(&e, both, 2);
	(void)sockets_commit(e.sockets);
	ok(wheel_next_ns(virtual_ticker->wheel) < virtual_now_ns + 3 * CLOCK_NS_PER_S,
	   "whatever is loaded meanwhile");

	fd = dial(ends_address(&e, 1));
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &low);
	for (int i = 0; i < 5; i++)
		loop_turn();
	setrlimit(RLIMIT_NOFILE, &old);
	is_int(e.accepts, 0, "without descriptors nobody is let in");
	pass_ms(5001);
	ok(loop_until(has_accepted, &e), "a look later he is");
	(void)close(fd);
	ends_close(&e);
}

static void test_failures(void)
{
	struct config_listen list[] = {TCP_LOCAL, UDP_LOCAL, TLS_LOCAL};
	char want[128];
	struct ends e, other;
	int open;

	ends_open(&other);
	(void)ends_prepare(&other, list + 1, 1);
	(void)sockets_commit(other.sockets);
	ends_open(&e);
	list[1].port = sa_port(ends_address(&other, 0));
	open = descriptors_open();
	is_int(ends_prepare(&e, list, 2), EADDRINUSE, "a port that is taken");
	(void)snprintf(want, sizeof(want), "udp:127.0.0.1:%u: Address already in use",
		       list[1].port);
	is_str(e.err, want, "in words");
	sockets_abandon(e.sockets);
	is_int(descriptors_open(), open, "what was opened before it is closed");
	(void)sockets_commit(e.sockets);
	ok(!sockets_listening(e.sockets, 0), "and not in force");
	is_int(ends_prepare(&e, list + 2, 1), EINVAL, "TLS without a certificate");
	ok(e.err[0] != '\0', "in words: %s", e.err);
	sockets_abandon(e.sockets);
	list[0].host = "here";
	ok(ends_prepare(&e, list, 1) != 0, "an address that is none");
	sockets_abandon(e.sockets);
	list[0].host = "2001:db8::1";
	is_int(ends_prepare(&e, list, 1), EADDRNOTAVAIL, "one that is not ours");
	is_str(e.err, "tcp:[2001:db8::1]:0: Cannot assign requested address", "in words");
	sockets_abandon(e.sockets);
	ends_close(&e);
	ends_close(&other);
}

static void test_datagrams(void)
{
	const struct config_listen udp = UDP_LOCAL;
	const struct config_local none = {0};
	struct udp *u = NULL;
	struct sa dst, local;
	struct ends e;
	int fd;

	ends_open(&e);
	(void)ends_prepare(&e, &udp, 1);
	(void)sockets_commit(e.sockets);
	dst = *ends_address(&e, 0);
	is_int(sockets_udp_for(e.sockets, &u, &local, &dst, &none), 0, "to ourselves");
	(void)udp_transmit(u, &dst, "x", 1, 0);
	ok(loop_until(has_datagram, &e), "a datagram is handed on");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	sa_set_str(&local, "127.0.0.1", 0);
	local.len = sizeof(local.u);
	if (!bind(fd, &local.u.sa, sizeof(local.u.in)) &&
	    !getsockname(fd, &local.u.sa, &local.len)) {
		(void)close(fd);
		(void)udp_transmit(u, &local, "x", 1, 0);
		ok(loop_until(has_icmp, &e) && e.icmp == ECONNREFUSED,
		   "and an ICMP error");
	}
	ends_close(&e);
}

#define HEAD                                                                             \
	"Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\n"   \
	"To: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"         \
	"Content-Length: 0\r\n\r\n"

static void test_connections(void)
{
	static const char request[] = "OPTIONS sip:b SIP/2.0\r\n" HEAD;
	static const char response[] = "SIP/2.0 200 OK\r\n" HEAD;
	const struct config_listen tcp = TCP_LOCAL;
	struct ends e;
	int fd;

	ends_open(&e);
	(void)ends_prepare(&e, &tcp, 1);
	(void)sockets_commit(e.sockets);
	fd = dial(ends_address(&e, 0));
	(void)!send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
	ok(loop_until(has_request, &e), "a request on a connection");
	is_int(e.accepts, 1, "of a peer that was let in");
	(void)!send(fd, response, sizeof(response) - 1, MSG_NOSIGNAL);
	ok(loop_until(has_stray, &e) && e.strays[ENGINE_STRAY_RESPONSE] == 1,
	   "a response to nothing");
	e.answers = true;
	e.responses = 0;
	(void)!send(fd, response, sizeof(response) - 1, MSG_NOSIGNAL);
	ok(loop_until(has_response, &e) && e.strays[ENGINE_STRAY_RESPONSE] == 1,
	   "a response to something is none");
	e.strangers = true;
	sockets_review(e.sockets);
	ok(loop_until(is_closed, &fd), "closed when it is no trunk's any more");
	(void)close(fd);
	fd = dial(ends_address(&e, 0));
	ok(loop_until(is_closed, &fd), "and not let in again");
	(void)close(fd);

	e.strangers = false;
	e.strays[ENGINE_STRAY_RESPONSE] = 0;
	fd = dial(ends_address(&e, 0));
	(void)!send(fd, "rubbish\r\n\r\n", 11, MSG_NOSIGNAL);
	ok(loop_until(has_stray, &e) && e.strays[ENGINE_STRAY_MALFORMED] == 1,
	   "bytes that are not SIP");
	(void)close(fd);

	e.requests = 0;
	fd = dial(ends_address(&e, 0));
	(void)!send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
	(void)loop_until(has_request, &e);
	pass_ms(590 * 1000);
	loop_turn();
	ok(!is_closed(&fd), "silent for less than ten minutes: kept");
	pass_ms(20 * 1000);
	ok(loop_until(is_closed, &fd), "longer: closed");
	(void)close(fd);
	ends_close(&e);
}

/* Who holds a certificate: the cache that read it, and whoever shows it. */
static void test_shown(void)
{
	const struct config_listen both[] = {TLS_LOCAL, TCP_LOCAL};
	struct tls_profile *first = NULL, *second = NULL;
	struct config_tls other;
	struct cert_file s;
	struct ends e;

	cert_file_open(&s);
	ends_open(&e);
	e.sip.tls = other = s.conf;
	other.ciphers = "HIGH";
	(void)tls_cache_get(e.tls, &first, &e.sip.tls, true, e.err, sizeof(e.err));
	(void)tls_cache_get(e.tls, &second, &other, true, e.err, sizeof(e.err));
	(void)ends_prepare(&e, both, 2);
	(void)sockets_commit(e.sockets);
	is_int(mem_nrefs(first), 3, "shown by the socket for TLS, which is listed");
	sockets_use_tls(e.sockets, second);
	is_int(mem_nrefs(first), 1, "another takes its place");
	is_int(mem_nrefs(second), 3, "there");
	(void)ends_prepare(&e, both, 2);
	is_int(mem_nrefs(first), 2, "wanted once more");
	sockets_abandon(e.sockets);
	is_int(mem_nrefs(first), 1, "given up");
	is_int(mem_nrefs(second), 3, "which leaves what is shown");
	(void)ends_prepare(&e, both, 2);
	(void)sockets_commit(e.sockets);
	is_int(mem_nrefs(first), 3, "in force again");
	is_int(mem_nrefs(second), 1, "the other is nobody's");
	(void)ends_prepare(&e, both + 1, 1);
	(void)sockets_commit(e.sockets);
	is_int(mem_nrefs(first), 1, "nor is one that is not listed any more");
	ends_close(&e);
	cert_file_remove(&s);
}

/* With match_certificate who comes over TLS is let in and asked later. */
static void test_tls(void)
{
	const struct config_listen tls = TLS_LOCAL;
	struct cert_file s;
	struct ends e;
	int fd;

	cert_file_open(&s);
	ends_open(&e);
	e.sip.tls = s.conf;
	e.strangers = true;
	is_int(ends_prepare(&e, &tls, 1), 0, "TLS with a certificate");
	(void)sockets_commit(e.sockets);
	fd = dial(ends_address(&e, 0));
	ok(loop_until(is_closed, &fd) && e.accepts == 1, "a stranger is not let in");
	(void)close(fd);
	e.sip.match_certificate = true;
	is_int(ends_prepare(&e, &tls, 1), 0, "the same, where certificates count");
	(void)sockets_commit(e.sockets);
	fd = dial(ends_address(&e, 0));
	for (int i = 0; i < 5; i++)
		loop_turn();
	ok(!is_closed(&fd) && e.accepts == 2, "a stranger may show its own");
	(void)close(fd);
	ends_close(&e);
	cert_file_remove(&s);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_reload();
	test_same_port();
	test_failures();
	test_sweep();
	test_datagrams();
	test_connections();
	test_shown();
	test_tls();
	libre_close();
	return tap_done();
}

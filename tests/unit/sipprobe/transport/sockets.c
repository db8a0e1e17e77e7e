/* The engine's own ends: prepared, put in force or given up, and chosen to send from. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipprobe/message/guard.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/stream.h"
#include "sipprobe/transport/tls_cache.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/sipprobe/transport/cert_file.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

enum { LISTEN_MAX = 4 };

/* Sockets, and what arrived at them. */
struct ends {
	struct ticker *ticker;
	struct tls_cache *tls;
	struct sockets *sockets;
	struct config_listen listen[LISTEN_MAX];
	struct config_sip sip;
	char err[128];
	bool strangers; /* nobody may connect */
	bool proves;	/* but for who shows a certificate */
	bool answers;	/* a response is somebody's */
	unsigned datagrams, icmps, accepts, requests, responses, strays[ENGINE_STRAYS];
	int icmp;
};

static void datagram_h(struct udp *u, const struct sa *src, const char *buf, size_t len,
		       int64_t rx_ns, void *arg)
{
	(void)u, (void)src, (void)buf, (void)len, (void)rx_ns;
	((struct ends *)arg)->datagrams++;
}

static void icmp_h(const struct sa *dst, int err, const char *buf, size_t len, void *arg)
{
	(void)dst, (void)buf, (void)len;
	((struct ends *)arg)->icmps++;
	((struct ends *)arg)->icmp = err;
}

static bool known_h(const struct sa *peer, void *arg)
{
	struct ends *e = arg;

	(void)peer;
	e->accepts++;
	return !e->strangers;
}

static bool proven_h(struct stream *s, void *arg)
{
	(void)s;
	return ((struct ends *)arg)->proves;
}

static void request_h(struct stream *s, enum config_transport transport,
		      const struct guard_message *m, void *arg)
{
	(void)s, (void)m;
	((struct ends *)arg)->requests += transport == CONFIG_TRANSPORT_TCP;
}

static bool response_h(struct stream *s, const struct guard_message *m, int64_t rx_ns,
		       void *arg)
{
	struct ends *e = arg;

	(void)s, (void)rx_ns;
	e->responses += m->code == 200;
	return e->answers;
}

static void stray_h(enum engine_stray why, void *arg)
{
	((struct ends *)arg)->strays[why]++;
}

static void refused_h(enum engine_stray why, const struct sa *peer, void *arg)
{
	(void)peer;
	((struct ends *)arg)->strays[why]++;
}

static const struct arrivals arrivals = {
	.datagram_h = datagram_h,
	.icmp_h = icmp_h,
	.known_h = known_h,
	.proven_h = proven_h,
	.request_h = request_h,
	.response_h = response_h,
	.stray_h = stray_h,
	.refused_h = refused_h,
};

static void ends_open(struct ends *e)
{
	*e = (struct ends){.sip = {.listen = e->listen}};
	if (ticker_alloc(&e->ticker) || tls_cache_alloc(&e->tls) ||
	    sockets_alloc(&e->sockets, e->ticker, &arrivals, e))
		puts("# no sockets");
}

static void ends_close(struct ends *e)
{
	mem_deref(e->sockets);
	mem_deref(e->tls);
	mem_deref(e->ticker);
}

/* Listens on just these. Returns what sockets_prepare() does. */
static int ends_prepare(struct ends *e, const struct config_listen *listen, size_t count)
{
	memcpy(e->listen, listen, count * sizeof(*listen));
	e->sip.listen_count = count;
	e->err[0] = '\0';
	return sockets_prepare(e->sockets, &e->sip, e->tls, e->err, sizeof(e->err));
}

/* The nth address listened on, by its text "tcp:127.0.0.1:40000". */
static const struct sa *ends_address(const struct ends *e, size_t n)
{
	static struct sa sa;
	const char *text = sockets_listening(e->sockets, n);

	(void)sa_decode(&sa, text ? text + 4 : "", text ? strlen(text + 4) : 0);
	return &sa;
}

static int dial(const struct sa *sa)
{
	int fd = socket(sa_af(sa), SOCK_STREAM, 0);

	if (connect(fd, &sa->u.sa,
		    sa_af(sa) == AF_INET ? sizeof(sa->u.in) : sizeof(sa->u.in6)))
		perror("connect");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static bool is_closed(void *arg)
{
	char byte;
	ssize_t n = recv(*(int *)arg, &byte, 1, MSG_PEEK);

	return !n || (n < 0 && errno != EAGAIN);
}

static bool has_datagram(void *arg)
{
	return ((struct ends *)arg)->datagrams;
}

static bool has_icmp(void *arg)
{
	return ((struct ends *)arg)->icmps;
}

static bool has_request(void *arg)
{
	return ((struct ends *)arg)->requests;
}

static bool has_response(void *arg)
{
	return ((struct ends *)arg)->responses;
}

static bool has_stray(void *arg)
{
	const struct ends *e = arg;

	return e->strays[ENGINE_STRAY_RESPONSE] + e->strays[ENGINE_STRAY_MALFORMED];
}

#define UDP_LOCAL ((struct config_listen){CONFIG_TRANSPORT_UDP, "127.0.0.1", 0})
#define TCP_LOCAL ((struct config_listen){CONFIG_TRANSPORT_TCP, "127.0.0.1", 0})
#define TLS_LOCAL ((struct config_listen){CONFIG_TRANSPORT_TLS, "127.0.0.1", 0})

static void test_reload(void)
{
	const struct config_listen both[] = {UDP_LOCAL, TCP_LOCAL};
	char first[64];
	struct ends e;

	ends_open(&e);
	ok(!sockets_listening(e.sockets, 0), "nothing is open");
	is_int(ends_prepare(&e, both, 2), 0, "prepared");
	ok(!sockets_listening(e.sockets, 0), "but not in force");
	ok(sockets_commit(e.sockets), "in force: UDP came");
	(void)snprintf(first, sizeof(first), "%s", sockets_listening(e.sockets, 0));
	ok(!strncmp(first, "udp:127.0.0.1:", 14), "%s", first);
	ok(!strncmp(sockets_listening(e.sockets, 1), "tcp:127.0.0.1:", 14), "and TCP");
	ok(!sockets_listening(e.sockets, 2), "and no more");
	is_int(sockets_stream_port(e.sockets, CONFIG_TRANSPORT_TCP, AF_INET),
	       sa_port(ends_address(&e, 1)), "the port of TCP");
	is_int(sockets_stream_port(e.sockets, CONFIG_TRANSPORT_TLS, AF_INET), 0,
	       "of TLS there is none");
	is_int(sockets_stream_port(e.sockets, CONFIG_TRANSPORT_TCP, AF_INET6), 0,
	       "nor of IPv6");

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
	ok(!sockets_listening(e.sockets, 0), "nothing is open");
	ends_close(&e);
}

static void test_failures(void)
{
	struct config_listen list[] = {TCP_LOCAL, UDP_LOCAL, TLS_LOCAL};
	char want[128];
	struct ends e, other;

	ends_open(&e);
	ends_open(&other);
	(void)ends_prepare(&other, list + 1, 1);
	(void)sockets_commit(other.sockets);
	list[1].port = sa_port(ends_address(&other, 0));
	is_int(ends_prepare(&e, list, 2), EADDRINUSE, "a port that is taken");
	(void)snprintf(want, sizeof(want), "udp:127.0.0.1:%u: Address already in use",
		       list[1].port);
	is_str(e.err, want, "in words");
	sockets_abandon(e.sockets);
	(void)sockets_commit(e.sockets);
	ok(!sockets_listening(e.sockets, 0), "what was opened before it is closed");
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

/* Which socket a probe leaves from. */
static const struct {
	const char *name;
	const char *listen[2];
	const char *dst;
	const char *want; /* an address to send from */
	int chosen;	  /* the one that listens there; -1: one of our own */
	const char *local;
} choices[] = {
	{"nothing listens", {NULL}, "127.0.0.1", NULL, -1, "127.0.0.1"},
	{"all addresses", {"udp:0.0.0.0"}, "127.0.0.1", NULL, 0, "127.0.0.1"},
	{"the address that the kernel would choose",
	 {"udp:0.0.0.0", "udp:127.0.0.1"},
	 "127.0.0.1",
	 NULL,
	 1,
	 "127.0.0.1"},
	{"TCP sends no datagrams", {"tcp:127.0.0.1"}, "127.0.0.1", NULL, -1, "127.0.0.1"},
	{"an address that is wanted",
	 {"udp:127.0.0.1"},
	 "127.0.0.1",
	 "127.0.0.3",
	 -1,
	 "127.0.0.3"},
	{"one where something listens",
	 {"udp:127.0.0.1", "udp:127.0.0.3"},
	 "127.0.0.1",
	 "127.0.0.3",
	 1,
	 "127.0.0.3"},
	{"another address of this machine alone",
	 {"udp:127.0.0.2"},
	 "127.0.0.1",
	 NULL,
	 0,
	 "127.0.0.2"},
	{"the other family", {"udp:127.0.0.1"}, "::1", NULL, -1, "::1"},
};

static size_t choice_listen(struct config_listen listen[2], size_t i)
{
	size_t count = 0;

	for (; count < 2 && choices[i].listen[count]; count++)
		listen[count] = (struct config_listen){
			.transport = choices[i].listen[count][0] == 'u'
					     ? CONFIG_TRANSPORT_UDP
					     : CONFIG_TRANSPORT_TCP,
			.host = choices[i].listen[count] + 4,
		};
	return count;
}

static void check_choice(struct ends *e, size_t i)
{
	const struct config_local want = {.address = choices[i].want};
	struct udp *u = NULL, *again = NULL;
	struct config_listen listen[2];
	struct sa dst, local, expected, bound;
	size_t count = choice_listen(listen, i);

	(void)ends_prepare(e, listen, count);
	(void)sockets_commit(e->sockets);
	sa_set_str(&dst, choices[i].dst, 9);
	if (sockets_udp_for(e->sockets, &u, &local, &dst, &want)) {
		ok(!strcmp(choices[i].dst, "::1"), "%s # SKIP no IPv6 here",
		   choices[i].name);
		return;
	}
	sa_set_str(&expected, choices[i].local, sa_port(udp_local(u)));
	ok(sa_cmp(&local, &expected, SA_ALL), "%s", choices[i].name);
	bound = *udp_local(u);
	for (size_t n = 0; n < count; n++)
		is_int(sa_cmp(ends_address(e, n), &bound, SA_PORT),
		       choices[i].chosen == (int)n, "one that listens, or not");
	(void)sockets_udp_for(e->sockets, &again, &local, &dst, &want);
	ok(u == again, "and the same again");
}

static void test_choice(void)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		struct ends e;

		ends_open(&e);
		check_choice(&e, i);
		ends_close(&e);
	}
}

static void test_choice_failures(void)
{
	const struct config_local not_ours = {.address = "192.0.2.1"},
				  other = {.address = "::1"}, none = {0};
	struct udp *u = NULL;
	struct sa dst, local;
	struct ends e;

	ends_open(&e);
	sa_set_str(&dst, "127.0.0.1", 9);
	is_int(sockets_udp_for(e.sockets, &u, &local, &dst, &not_ours), EADDRNOTAVAIL,
	       "an address that is not ours");
	is_int(sockets_udp_for(e.sockets, &u, &local, &dst, &other), EAFNOSUPPORT,
	       "one of the other family");
	sa_set_str(&dst, "255.255.255.255", 9);
	ok(sockets_udp_for(e.sockets, &u, &local, &dst, &none) != 0, "no way there");
	ok(!u, "and nothing is set");
	ends_close(&e);
}

/* A socket that a trunk sends from is the one that listens there later, and stays. */
static void test_local_then_listen(void)
{
	struct config_listen listen = UDP_LOCAL;
	struct config_local want = {.address = "127.0.0.1"};
	struct udp *first = NULL, *then = NULL;
	struct sa dst, local;
	struct ends e;

	ends_open(&e);
	sa_set_str(&dst, "127.0.0.1", 9);
	(void)sockets_udp_for(e.sockets, &first, &local, &dst, &want);
	is_int(ends_prepare(&e, &listen, 1), 0, "listening where a trunk sends from");
	(void)sockets_commit(e.sockets);
	sockets_mark_local(e.sockets, &want);
	sockets_sweep_local(e.sockets);
	(void)sockets_udp_for(e.sockets, &then, &local, &dst, &want);
	ok(first == then, "is the same socket");
	sockets_sweep_local(e.sockets);
	(void)sockets_udp_for(e.sockets, &then, &local, &dst, &want);
	ok(first == then, "which listens when no trunk wants it any more");
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
	test_failures();
	test_datagrams();
	test_choice();
	test_choice_failures();
	test_local_then_listen();
	test_connections();
	test_tls();
	libre_close();
	return tap_done();
}

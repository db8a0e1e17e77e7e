/* RFC 3263 4.1 and 4.2, branch by branch, without a network. */
#include "config/uri.h"
#include "sipprobe/dns/locate_private.h"
#include "tests/unit/sipprobe/dns/zone.h"
#include "tests/unit/tap.h"

enum { WANT_MAX = 4096 };

#define HOSTS                                                                            \
	"a.test 60 A 192.0.2.1\n"                                                        \
	"a.test 50 AAAA 2001:db8::1\n"                                                   \
	"b.test 40 A 192.0.2.2\n"

#define V4 CONFIG_FAMILY_IPV4
#define V6 CONFIG_FAMILY_IPV6

static const struct {
	const char *name;
	const char *uri;
	enum config_family family;
	const char *zone;
	const char *asked;
	const char *want; /* "status ttl[ address:port/transport/priority/weight …][
			     detail]" */
} cases[] = {
	/* Numeric targets: no DNS. */
	{"IPv4 literal", "sip:192.0.2.7", 0, "", "", "ok 3600 192.0.2.7:5060/udp/0/0"},
	{"literal with port", "sip:192.0.2.7:5070", 0, "", "",
	 "ok 3600 192.0.2.7:5070/udp/0/0"},
	{"literal with transport", "sip:192.0.2.7;transport=tcp", 0, "", "",
	 "ok 3600 192.0.2.7:5060/tcp/0/0"},
	{"literal over TLS", "sip:192.0.2.7;transport=tls", 0, "", "",
	 "ok 3600 192.0.2.7:5061/tls/0/0"},
	{"sips literal", "sips:192.0.2.7", 0, "", "", "ok 3600 192.0.2.7:5061/tls/0/0"},
	{"IPv6 literal", "sip:u@[2001:db8::7]:5070", 0, "", "",
	 "ok 3600 [2001:db8::7]:5070/udp/0/0"},
	{"zone of an interface", "sip:[fe80::1%lo]", 0, "", "",
	 "ok 3600 [fe80::1%lo]:5060/udp/0/0"},
	{"zone without interface", "sip:[fe80::1%none9]", 0, "", "",
	 "nodata 30 fe80::1%none9: no such interface"},
	{"literal of the other family", "sip:192.0.2.7", V6, "", "",
	 "nodata 30 192.0.2.7: not an IPv6 address"},
	{"maddr is the target", "sip:a.test;maddr=192.0.2.8", 0, HOSTS, "",
	 "ok 3600 192.0.2.8:5060/udp/0/0"},
	{"maddr as a name", "sip:192.0.2.7:5080;maddr=b.test", V4, HOSTS, "A b.test",
	 "ok 40 192.0.2.2:5080/udp/0/0"},

	/* A port: addresses only. */
	{"port", "sip:a.test:5080", 0, HOSTS, "A a.test, AAAA a.test",
	 "ok 50 192.0.2.1:5080/udp/0/0 [2001:db8::1]:5080/udp/0/0"},
	{"port and transport", "sip:a.test:5080;transport=tcp", V4, HOSTS, "A a.test",
	 "ok 60 192.0.2.1:5080/tcp/0/0"},
	{"sips with port", "sips:a.test:5080", V6, HOSTS, "AAAA a.test",
	 "ok 50 [2001:db8::1]:5080/tls/0/0"},
	{"case and the last dot", "sip:A.Test.:5080", V4, HOSTS, "A a.test",
	 "ok 60 192.0.2.1:5080/udp/0/0"},
	{"no AAAA", "sip:b.test:5080", 0, HOSTS, "A b.test, AAAA b.test",
	 "ok 40 192.0.2.2:5080/udp/0/0"},
	{"no AAAA, AAAA wanted", "sip:b.test:5080", V6, HOSTS, "AAAA b.test",
	 "nodata 300 b.test AAAA: no such records"},
	{"no such name", "sip:no.test:5080", 0, HOSTS, "A no.test, AAAA no.test",
	 "nxdomain 300 no.test A: NXDOMAIN"},
	{"AAAA fails hard, A is there", "sip:c.test:1", 0,
	 "c.test 900 A 192.0.2.3\nc.test 0 AAAA !SERVFAIL", "A c.test, AAAA c.test",
	 "ok 30 192.0.2.3:1/udp/0/0 c.test AAAA: SERVFAIL"},
	{"the graver failure counts", "sip:c.test:1", 0,
	 "c.test 900 TXT x\nc.test 0 AAAA !TIMEOUT", "A c.test, AAAA c.test",
	 "timeout 30 c.test AAAA: timeout"},
	{"an address of 3 bytes", "sip:c.test:1", V4, "c.test 9 A \\xc00002", "A c.test",
	 "bogus 30 c.test A: unusable answer"},
	{"TTL 0 is 1", "sip:c.test:1", V4, "c.test 0 A 192.0.2.3", "A c.test",
	 "ok 1 192.0.2.3:1/udp/0/0"},
	{"an address twice", "sip:c.test:1", V4,
	 "c.test 5 A 192.0.2.3\nc.test 5 A 192.0.2.1\nc.test 5 A 192.0.2.3", "A c.test",
	 "ok 5 192.0.2.1:1/udp/0/0 192.0.2.3:1/udp/0/0"},

	/* A transport without a port: SRV, then addresses. */
	{"SRV by transport", "sip:d.test;transport=tcp", V4,
	 HOSTS "_sip._tcp.d.test 30 SRV 1 2 5070 a.test.",
	 "SRV _sip._tcp.d.test, A a.test", "ok 30 192.0.2.1:5070/tcp/1/2"},
	{"SRV over TLS", "sip:d.test;transport=tls", V4,
	 HOSTS "_sips._tcp.d.test 90 SRV 1 2 5070 a.test.",
	 "SRV _sips._tcp.d.test, A a.test", "ok 60 192.0.2.1:5070/tls/1/2"},
	{"sips names its transport: no NAPTR", "sips:d.test;transport=tcp", V4,
	 HOSTS "_sips._tcp.d.test 90 SRV 1 2 5070 a.test.",
	 "SRV _sips._tcp.d.test, A a.test", "ok 60 192.0.2.1:5070/tls/1/2"},
	{"no SRV: UDP's port", "sip:a.test;transport=udp", V4, HOSTS,
	 "SRV _sip._udp.a.test, A a.test", "ok 60 192.0.2.1:5060/udp/0/0"},
	{"no SRV: TLS's port", "sip:a.test;transport=tls", V4, HOSTS,
	 "SRV _sips._tcp.a.test, A a.test", "ok 60 192.0.2.1:5061/tls/0/0"},
	{"priorities and weights", "sip:d.test;transport=udp", V4,
	 HOSTS "_sip._udp.d.test 90 SRV 20 0 5060 a.test.\n"
	       "_sip._udp.d.test 90 SRV 10 7 5060 b.test.",
	 "SRV _sip._udp.d.test, A b.test, A a.test",
	 "ok 40 192.0.2.2:5060/udp/10/7 192.0.2.1:5060/udp/20/0"},
	{"one address by two targets", "sip:d.test;transport=udp", V4,
	 HOSTS "e.test 60 A 192.0.2.1\n"
	       "_sip._udp.d.test 90 SRV 20 9 5060 a.test.\n"
	       "_sip._udp.d.test 90 SRV 10 7 5060 e.test.\n"
	       "_sip._udp.d.test 90 SRV 10 8 5060 e.test.",
	 "SRV _sip._udp.d.test, A e.test, A a.test", "ok 60 192.0.2.1:5060/udp/10/8"},
	{"one target is gone", "sip:d.test;transport=udp", V4,
	 HOSTS "_sip._udp.d.test 90 SRV 1 1 5060 a.test.\n"
	       "_sip._udp.d.test 90 SRV 1 1 5060 no.test.",
	 "SRV _sip._udp.d.test, A a.test, A no.test", "ok 60 192.0.2.1:5060/udp/1/1"},
	{"all targets are gone", "sip:d.test;transport=udp", V4,
	 "_sip._udp.d.test 90 SRV 1 1 5060 no.test.", "SRV _sip._udp.d.test, A no.test",
	 "nxdomain 300 no.test A: NXDOMAIN"},
	{"service not offered", "sip:a.test;transport=udp", V4,
	 HOSTS "_sip._udp.a.test 90 SRV 0 0 0 .", "SRV _sip._udp.a.test",
	 "nodata 90 _sip._udp.a.test SRV: the service is not offered"},
	{"SRV fails: A, and soon again", "sip:a.test;transport=udp", V4,
	 HOSTS "_sip._udp.a.test 0 SRV !SERVFAIL", "SRV _sip._udp.a.test, A a.test",
	 "ok 30 192.0.2.1:5060/udp/0/0 _sip._udp.a.test SRV: SERVFAIL"},
	{"SRV is not answered: no guess by A", "sip:a.test;transport=udp", V4,
	 HOSTS "_sip._udp.a.test 0 SRV !TIMEOUT", "SRV _sip._udp.a.test",
	 "timeout 30 _sip._udp.a.test SRV: timeout"},
	{"SRV fails, A too", "sip:a.test;transport=udp", V4,
	 "_sip._udp.a.test 0 SRV !SERVFAIL\na.test 0 A !SERVFAIL",
	 "SRV _sip._udp.a.test, A a.test", "servfail 30 a.test A: SERVFAIL"},
	{"SRV fails, no A", "sip:a.test;transport=udp", V4,
	 "_sip._udp.a.test 0 SRV !SERVFAIL\na.test 9 AAAA ::2",
	 "SRV _sip._udp.a.test, A a.test", "servfail 30 _sip._udp.a.test SRV: SERVFAIL"},
	{"SRV fails, no such name", "sip:no.test;transport=udp", V4,
	 "_sip._udp.no.test 0 SRV !SERVFAIL", "SRV _sip._udp.no.test, A no.test",
	 "nxdomain 30 no.test A: NXDOMAIN"},
	{"all but A fail, as Docker's do", "sip:a.test", V4,
	 HOSTS "a.test 0 NAPTR !SERVFAIL\n_sip._udp.a.test 0 SRV !SERVFAIL\n"
	       "_sip._tcp.a.test 0 SRV !SERVFAIL\n_sips._tcp.a.test 0 SRV !SERVFAIL",
	 "NAPTR a.test, SRV _sip._udp.a.test, SRV _sip._tcp.a.test, SRV "
	 "_sips._tcp.a.test, A a.test",
	 "ok 30 192.0.2.1:5060/udp/0/0 a.test NAPTR: SERVFAIL"},
	{"one kind of SRV fails", "sip:d.test", V4,
	 HOSTS
	 "_sip._udp.d.test 0 SRV !SERVFAIL\n_sip._tcp.d.test 60 SRV 1 2 5070 a.test.",
	 "NAPTR d.test, SRV _sip._udp.d.test, SRV _sip._tcp.d.test, A a.test",
	 "ok 30 192.0.2.1:5070/tcp/1/2 _sip._udp.d.test SRV: SERVFAIL"},
	{"SRV without sense", "sip:a.test;transport=udp", V4,
	 HOSTS "_sip._udp.a.test 9 SRV \\x0001", "SRV _sip._udp.a.test",
	 "bogus 30 _sip._udp.a.test SRV: unusable answer"},
	{"one SRV record without sense", "sip:d.test;transport=udp", V4,
	 HOSTS "_sip._udp.d.test 9 SRV \\x0001\n_sip._udp.d.test 9 SRV 1 1 5060 a.test.",
	 "SRV _sip._udp.d.test, A a.test", "ok 9 192.0.2.1:5060/udp/1/1"},
	{"SRV port 0", "sip:d.test;transport=udp", V4,
	 HOSTS "_sip._udp.d.test 9 SRV 1 1 0 a.test.", "SRV _sip._udp.d.test",
	 "bogus 30 _sip._udp.d.test SRV: unusable answer"},

	/* Neither: NAPTR. */
	{"NAPTR by order", "sip:n.test", V4,
	 HOSTS "n.test 70 NAPTR 50 50 s SIP+D2U - _sip._udp.n.test.\n"
	       "n.test 70 NAPTR 10 90 s SIP+D2T - tcp.n.test.\n"
	       "tcp.n.test 80 SRV 1 1 5070 b.test.",
	 "NAPTR n.test, SRV tcp.n.test, A b.test", "ok 40 192.0.2.2:5070/tcp/1/1"},
	{"NAPTR by preference", "sip:n.test", V4,
	 HOSTS "n.test 7 NAPTR 10 50 S sip+d2u - u.test.\n"
	       "n.test 7 NAPTR 10 20 S sips+d2t - t.test.\n"
	       "t.test 80 SRV 1 1 5061 b.test.",
	 "NAPTR n.test, SRV t.test, A b.test", "ok 7 192.0.2.2:5061/tls/1/1"},
	{"NAPTR: only what can be used", "sip:b.test", V4,
	 HOSTS "b.test 7 NAPTR 1 1 s SIP+D2S - x.test.\n"
	       "b.test 7 NAPTR 1 1 u SIP+D2U - x.test.\n"
	       "b.test 7 NAPTR 1 1 s SIP+D2U !^.*$!x! x.test.\n"
	       "b.test 7 NAPTR 1 1 s SIP+D2U - .\n"
	       "b.test 7 NAPTR \\x00",
	 "NAPTR b.test, SRV _sip._udp.b.test, SRV _sip._tcp.b.test, "
	 "SRV _sips._tcp.b.test, A b.test",
	 "ok 40 192.0.2.2:5060/udp/0/0"},
	{"sips takes SIPS only", "sips:n.test", V4,
	 HOSTS "n.test 7 NAPTR 1 1 s SIP+D2U - u.test.\n"
	       "n.test 7 NAPTR 9 9 s SIPS+D2T - t.test.\n"
	       "t.test 80 SRV 1 1 5061 b.test.",
	 "NAPTR n.test, SRV t.test, A b.test", "ok 7 192.0.2.2:5061/tls/1/1"},
	{"the best NAPTR leads nowhere: the next", "sip:n.test", V4,
	 HOSTS "n.test 7 NAPTR 1 1 s SIP+D2U - u.test.\n"
	       "n.test 7 NAPTR 2 1 s SIP+D2T - t.test.\n"
	       "t.test 80 SRV 1 1 5070 b.test.",
	 "NAPTR n.test, SRV u.test, SRV t.test, A b.test", "ok 7 192.0.2.2:5070/tcp/1/1"},
	{"no NAPTR leads anywhere", "sip:b.test", V4,
	 HOSTS "b.test 7 NAPTR 1 1 s SIP+D2T - t.test.",
	 "NAPTR b.test, SRV t.test, A b.test", "ok 7 192.0.2.2:5060/tcp/0/0"},
	{"NAPTR is refused", "sip:d.test", V4,
	 HOSTS "d.test 0 NAPTR !SERVFAIL\n_sip._udp.d.test 30 SRV 1 2 5070 a.test.",
	 "NAPTR d.test, SRV _sip._udp.d.test, A a.test",
	 "ok 30 192.0.2.1:5070/udp/1/2 d.test NAPTR: SERVFAIL"},
	{"NAPTR is not answered", "sip:a.test", V4, HOSTS "a.test 0 NAPTR !TIMEOUT",
	 "NAPTR a.test", "timeout 30 a.test NAPTR: timeout"},
	{"no NAPTR: the first transport with SRV", "sip:d.test", V4,
	 HOSTS "_sip._tcp.d.test 30 SRV 1 2 5070 a.test.\n"
	       "_sips._tcp.d.test 30 SRV 1 2 5071 a.test.",
	 "NAPTR d.test, SRV _sip._udp.d.test, SRV _sip._tcp.d.test, A a.test",
	 "ok 30 192.0.2.1:5070/tcp/1/2"},
	{"UDP not offered, TCP is", "sip:d.test", V4,
	 HOSTS "_sip._udp.d.test 30 SRV 0 0 0 .\n"
	       "_sip._tcp.d.test 30 SRV 1 2 5070 a.test.",
	 "NAPTR d.test, SRV _sip._udp.d.test, SRV _sip._tcp.d.test, A a.test",
	 "ok 30 192.0.2.1:5070/tcp/1/2"},
	{"UDP not offered, nothing else", "sip:a.test", V4,
	 HOSTS "_sip._udp.a.test 30 SRV 0 0 0 .",
	 "NAPTR a.test, SRV _sip._udp.a.test, SRV _sip._tcp.a.test, SRV "
	 "_sips._tcp.a.test",
	 "nodata 30 _sips._tcp.a.test SRV: the service is not offered"},
	{"sips without records", "sips:a.test", V4, HOSTS,
	 "NAPTR a.test, SRV _sips._tcp.a.test, A a.test", "ok 60 192.0.2.1:5061/tls/0/0"},
	{"nothing at all", "sip:no.test", 0, HOSTS,
	 "NAPTR no.test, SRV _sip._udp.no.test, SRV _sip._tcp.no.test, SRV "
	 "_sips._tcp.no.test, A no.test, AAAA no.test",
	 "nxdomain 300 no.test A: NXDOMAIN"},

	/* Addresses that can be no peer's. */
	{"no peer", "sip:z.test:5060", V4, "z.test 9 A 0.0.0.0", "A z.test",
	 "nodata 9 z.test A: 0.0.0.0 (the unspecified address can be no peer) (no peer)"},
	{"no peer among others", "sip:z.test:5060", 0,
	 "z.test 9 A 255.255.255.255\nz.test 9 A 192.0.2.1\nz.test 9 AAAA ::",
	 "A z.test, AAAA z.test",
	 "ok 9 192.0.2.1:5060/udp/0/0 z.test A: 255.255.255.255 (the broadcast address "
	 "can "
	 "be no peer)"},
	{"no peer by SRV", "sip:z.test;transport=tcp", V6,
	 "_sip._tcp.z.test 60 SRV 1 1 5060 m.test.\nm.test 9 AAAA ff05::1",
	 "SRV _sip._tcp.z.test, AAAA m.test",
	 "nodata 9 m.test AAAA: ff05::1 (a multicast address can be no peer) (no peer)"},
	{"literal of no peer", "sip:224.0.1.75", 0, "", "",
	 "nodata 30 224.0.1.75 (a multicast address can be no peer) (no peer)"},
	{"literal of no peer in IPv6", "sip:[::ffff:0.0.0.0]", 0, "", "",
	 "nodata 30 ::ffff:0.0.0.0 (the unspecified address can be no peer) (no peer)"},

	/* What else there is of a name without addresses. */
	{"? SRV, which a port rules out", "sip:s.test:5060", V4,
	 "_sip._tcp.s.test 60 SRV 1 1 5060 a.test.\n" HOSTS,
	 "A s.test, SRV _sip._udp.s.test, SRV _sip._tcp.s.test, SRV _sips._tcp.s.test",
	 "nxdomain 300 s.test A: NXDOMAIN; it has _sip._tcp SRV (port)"},
	{"? SRV of another transport", "sip:s.test:5060;transport=udp", V4,
	 "_sip._tcp.s.test 60 SRV 1 1 5060 a.test.", "A s.test, SRV _sip._udp.s.test",
	 "nxdomain 300 s.test A: NXDOMAIN"},
	{"? an SRV name that is none of SIP's", "sips:s.test", V4,
	 "_sips._tls.s.test 60 SRV 1 1 5061 a.test.\ns.test 1 AAAA ::2",
	 "NAPTR s.test, SRV _sips._tcp.s.test, A s.test, SRV _sips._tls.s.test, SRV "
	 "_sip._tls.s.test",
	 "nodata 300 s.test A: no such records; it has _sips._tls SRV (srv name)"},
	{"? the other one", "sip:s.test;transport=tls", V4,
	 "_sip._tls.s.test 60 SRV 1 1 5061 a.test.",
	 "SRV _sips._tcp.s.test, A s.test, SRV _sips._tls.s.test, SRV _sip._tls.s.test",
	 "nxdomain 300 s.test A: NXDOMAIN; it has _sip._tls SRV (srv name)"},
	{"? not over UDP", "sip:s.test;transport=udp", V4, "",
	 "SRV _sip._udp.s.test, A s.test", "nxdomain 300 s.test A: NXDOMAIN"},
	{"? nor where there are addresses", "sip:a.test:5060", V4, HOSTS, "A a.test",
	 "ok 60 192.0.2.1:5060/udp/0/0"},
	{"? nor after a failure", "sip:a.test:5060", V4, "a.test 0 A !SERVFAIL",
	 "A a.test", "servfail 30 a.test A: SERVFAIL"},
	{"? a question that fails is no news", "sip:s.test:5060;transport=udp", V4,
	 "_sip._udp.s.test 0 SRV !TIMEOUT", "A s.test, SRV _sip._udp.s.test",
	 "nxdomain 300 s.test A: NXDOMAIN"},
};

static bool finished;

static void road_done_h(void *arg)
{
	(void)arg;
	finished = true;
}

static void result_print(char *buf, size_t size, const struct resolve_result *res)
{
	static const char *const status[] = {"ok",	 "nxdomain", "nodata",
					     "servfail", "timeout",  "bogus"};
	static const char *const hints[DNS_HINTS] = {"", " (short)", " (port)",
						     " (srv name)", " (no peer)"};
	static const char *const transport[] = {"none", "udp", "tcp", "tls"};
	size_t l = (size_t)snprintf(buf, size, "%s %u", status[res->status], res->ttl_s);

	for (size_t i = 0; i < res->count; i++) {
		const struct resolve_address *a = &res->addresses[i];
		char addr[64];

		sa_ntop(&a->sa, addr, sizeof(addr));
		if (sa_af(&a->sa) == AF_INET6 && a->sa.u.in6.sin6_scope_id)
			strcat(addr, "%lo");
		l += (size_t)snprintf(buf + l, size - l,
				      sa_af(&a->sa) == AF_INET6 ? " [%s]:%u/%s/%u/%u"
								: " %s:%u/%s/%u/%u",
				      addr, sa_port(&a->sa), transport[a->transport],
				      a->priority, a->weight);
	}
	if (res->detail[0])
		snprintf(buf + l, size - l, " %s%s", res->detail, hints[res->hint]);
}

/* Returns what locate_begin() returned. */
static int road_run(struct zone *z, const char *text, enum config_family family,
		    bool hints, char *got, size_t size)
{
	struct locate locate = {
		.lookup = &z->lookup, .family = family, .hints = hints, .h = road_done_h};
	struct config_uri uri;
	bool ready = false;
	const char *why = config_uri_parse(text, &uri);
	int err;

	if (why) {
		snprintf(got, size, "%s", why);
		return EINVAL;
	}
	z->lookup.ask = zone_ask;
	finished = false;
	err = locate_begin(&locate, &uri, &ready);
	zone_answer_all(z);
	if (err)
		snprintf(got, size, "err %d", err);
	else if (finished == ready)
		snprintf(got, size, "the handler ran %s",
			 finished ? "though ready" : "not");
	else
		result_print(got, size, &locate.result);
	locate_end(&locate);
	return err;
}

static void test_cases(bool newest_first)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct zone z = {.text = cases[i].zone, .newest_first = newest_first};
		char got[WANT_MAX] = "";

		road_run(&z, cases[i].uri, cases[i].family, cases[i].name[0] == '?', got,
			 sizeof(got));
		is_str(got, cases[i].want, cases[i].name);
		is_str(z.log, cases[i].asked, "… asked in this order");
	}
}

/* By which records the addresses were found, and which were passed over for a failure. */
static void test_by(void)
{
	static const struct {
		const char *uri, *zone;
		enum resolve_by by;
		unsigned passed_over;
	} roads[] = {
		{"sip:a.test:5060", HOSTS, RESOLVE_BY_HOST, 0},
		{"sip:a.test;transport=udp", HOSTS, RESOLVE_BY_HOST, 0},
		{"sip:d.test;transport=udp",
		 HOSTS "_sip._udp.d.test 9 SRV 1 1 5060 a.test.", RESOLVE_BY_SRV, 0},
		{"sip:d.test",
		 HOSTS "d.test 9 NAPTR 1 1 s SIP+D2U - _sip._udp.d.test.\n"
		       "_sip._udp.d.test 9 SRV 1 1 5060 a.test.",
		 RESOLVE_BY_NAPTR, 0},
		{"sip:d.test",
		 HOSTS "d.test 0 NAPTR !SERVFAIL\n"
		       "_sip._udp.d.test 9 SRV 1 1 5060 a.test.",
		 RESOLVE_BY_SRV, 1U << RESOLVE_BY_NAPTR},
		{"sip:a.test;transport=udp", HOSTS "_sip._udp.a.test 0 SRV !SERVFAIL",
		 RESOLVE_BY_HOST, 1U << RESOLVE_BY_SRV},
	};

	for (size_t i = 0; i < sizeof(roads) / sizeof(roads[0]); i++) {
		struct zone z = {.text = roads[i].zone, .lookup.ask = zone_ask};
		struct locate locate = {
			.lookup = &z.lookup, .family = V4, .h = road_done_h};
		struct config_uri uri;
		bool ready;

		(void)config_uri_parse(roads[i].uri, &uri);
		(void)locate_begin(&locate, &uri, &ready);
		zone_answer_all(&z);
		is_int(locate.result.by, roads[i].by, roads[i].uri);
		is_int(locate.result.passed_over, roads[i].passed_over, "passed over");
		locate_end(&locate);
	}
}

#define SRV_TO_BOTH                                                                      \
	"_sip._udp.d.test 9 SRV 1 1 5060 a.test.\n"                                      \
	"_sip._udp.d.test 9 SRV 2 1 5060 b.test.\n"

static void unanswered_print(char *buf, size_t size, const struct resolve_result *res)
{
	static const char *const names[] = {"a.test", "b.test"};
	size_t l = 0;

	for (size_t k = 0; k < res->unanswered_count; k++)
		for (int i = 0; i < 4; i++)
			if (res->unanswered[k] ==
			    locate_question(names[i / 2], i % 2 ? RR_AAAA : RR_A))
				l += (size_t)snprintf(buf + l, size - l, "%s%c%s",
						      l ? " " : "", names[i / 2][0],
						      i % 2 ? "6" : "");
}

/* The questions for addresses that servers failed at, of a road that led to some. */
static void test_unanswered(void)
{
	static const struct {
		const char *uri, *zone;
		int refuse_after;
		const char *want; /* those of a and of b: "a", "a6", … */
	} roads[] = {
		{"sip:a.test:5060", HOSTS, 0, ""},
		{"sip:b.test:5060", HOSTS, 0, ""},
		{"sip:a.test:5060", "a.test 9 A 192.0.2.1\na.test 9 AAAA !SERVFAIL", 0,
		 "a6"},
		{"sip:a.test:5060", "a.test 9 A !TIMEOUT\na.test 9 AAAA ::2", 0, "a"},
		{"sip:a.test:5060", "a.test 9 A !TIMEOUT\na.test 9 AAAA !TIMEOUT", 0, ""},
		{"sip:d.test;transport=udp",
		 SRV_TO_BOTH "b.test 9 A \\x00\na.test 9 AAAA ::2", 0, "b"},
		{"sip:d.test;transport=udp",
		 SRV_TO_BOTH
		 "b.test 9 A !BOGUS\nb.test 9 AAAA !BOGUS\na.test 9 A 192.0.2.1",
		 0, "b b6"},
		{"sip:d.test;transport=udp", SRV_TO_BOTH HOSTS, 3, "b b6"},
		{"sip:a.test;transport=udp", HOSTS "_sip._udp.a.test 0 SRV !SERVFAIL", 0,
		 ""},
	};

	for (size_t i = 0; i < sizeof(roads) / sizeof(roads[0]); i++) {
		struct zone z = {.text = roads[i].zone,
				 .lookup.ask = zone_ask,
				 .refuse_after = roads[i].refuse_after};
		struct locate locate = {.lookup = &z.lookup, .h = road_done_h};
		struct config_uri uri;
		char got[64] = "";
		bool ready;

		(void)config_uri_parse(roads[i].uri, &uri);
		(void)locate_begin(&locate, &uri, &ready);
		zone_answer_all(&z);
		unanswered_print(got, sizeof(got), &locate.result);
		is_str(got, roads[i].want, roads[i].uri);
		locate_end(&locate);
	}
}

/* An address says which question gave it: of a name, however that is written. */
static void test_from(void)
{
	ok(locate_question("a.test", RR_A) == locate_question("A.test", RR_A),
	   "a name is one");
	ok(locate_question("a.test", RR_A) != locate_question("a.test", RR_AAAA),
	   "a type of it is another");
}

/* 200 targets with two addresses each: bounded, and the same for any order of answers. */
static void test_many_targets(void)
{
	static char zone[65536], first[WANT_MAX * 2], again[WANT_MAX * 2];
	size_t l = 0;

	for (unsigned i = 0; i < 200; i++)
		l += (size_t)snprintf(
			zone + l, sizeof(zone) - l,
			"_sip._udp.m.test 60 SRV %u 1 5060 t%03u.test.\n"
			"t%03u.test 60 A 10.0.0.%u\nt%03u.test 60 A 10.0.1.%u\n",
			i, i, i, i, i, i);
	for (int order = 0; order < 2; order++) {
		struct zone z = {.text = zone, .newest_first = order};

		road_run(&z, "sip:m.test;transport=udp", V4, false, order ? again : first,
			 sizeof(first));
		is_int(z.count, 1 + RESOLVE_ADDRESSES_MAX,
		       "no more targets than addresses");
	}
	is_str(again, first, "the order of answers does not show");
	ok(strstr(first, " 10.0.1.31:5060/udp/31/1") && !strstr(first, "10.0.0.32:"),
	   "64 addresses of the best priorities");
}

static void test_refused_questions(void)
{
	struct zone z = {.text = HOSTS "_sip._udp.d.test 9 SRV 1 1 5060 a.test.\n"
				       "_sip._udp.d.test 9 SRV 1 1 5060 b.test."};
	char got[WANT_MAX] = "";

	z.refuse_after = 1;
	road_run(&z, "sip:d.test;transport=udp", V4, false, got, sizeof(got));
	is_str(got, "servfail 30 _sip._udp.d.test SRV: No buffer space available",
	       "a question that cannot be asked fails the road");
	z.count = 0;
	z.refuse_after = 2;
	road_run(&z, "sip:d.test;transport=udp", V4, false, got, sizeof(got));
	is_str(got,
	       "ok 9 192.0.2.1:5060/udp/1/1 _sip._udp.d.test SRV: No buffer space "
	       "available",
	       "what could be asked still counts");
}

static void test_long_name(void)
{
	char text[300] = "sip:", got[WANT_MAX] = "";
	struct zone z = {.text = ""};

	for (int i = 0; i < 4; i++)
		strcat(text,
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.");
	strcat(text, "test");
	road_run(&z, text, V4, false, got, sizeof(got));
	ok(!strncmp(got, "nxdomain 300 aaaa", 17) && z.count == 2,
	   "SRV names that are too long are not asked: %s", got);
}

/* Nor are those that are asked for a hint alone: 253 characters are the most. */
static void test_long_hints(void)
{
	for (size_t len = 242; len <= 243; len++) {
		struct zone z = {.text = ""};
		char text[300] = "sip:", got[WANT_MAX] = "";

		for (size_t i = 0; i < len; i++)
			text[4 + i] = i % 50 == 49 ? '.' : 'x';
		strcat(text, ";transport=tls");
		road_run(&z, text, V4, true, got, sizeof(got));
		is_int(z.count, len == 242 ? 4 : 1, "SRV, A and two more, or A alone");
	}
}

/* Cancelled after every number of answers, nothing leaks and no handler runs. */
static void test_cancel(void)
{
	struct zone z = {.text = HOSTS "_sip._udp.d.test 9 SRV 1 1 5060 a.test.\n"
				       "_sip._udp.d.test 9 SRV 1 1 5060 b.test.",
			 .lookup.ask = zone_ask};
	struct config_uri uri;
	bool quiet = true, ready;

	config_uri_parse("sip:d.test", &uri);
	for (int answers = 0; answers < 5; answers++) {
		struct locate locate = {.lookup = &z.lookup, .h = road_done_h};

		finished = false;
		locate_begin(&locate, &uri, &ready);
		for (int i = 0; i < answers; i++)
			zone_answer_one(&z);
		locate_end(&locate);
		quiet = quiet && !finished && !z.asked.head;
	}
	ok(quiet, "cancelled after 0 to 4 of 6 answers");
}

int main(void)
{
	test_cases(false);
	test_cases(true);
	test_by();
	test_unanswered();
	test_from();
	test_many_targets();
	test_refused_questions();
	test_long_name();
	test_long_hints();
	test_cancel();
	return tap_done();
}

/* resolv.conf(5): what it says, which names a name stands for, and that it is followed.
 */
#include <stdio.h>
#include <unistd.h>

#include "config/uri.h"
#include "sipprobe/dns/resolv_watch.h"
#include "sipprobe/dns/search.h"
#include "tests/unit/sipprobe/dns/zone.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name, *text, *want; /* servers, domains, dots */
} files[] = {
	{"empty", "", " | | 1"},
	{"as systemd has it",
	 "# comment\n\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan\n",
	 "127.0.0.53 | lan | 1"},
	{"as Kubernetes has it",
	 "search a.svc.cluster.local svc.cluster.local cluster.local\n"
	 "nameserver 10.96.0.10\noptions ndots:5\n",
	 "10.96.0.10 | a.svc.cluster.local svc.cluster.local cluster.local | 5"},
	{"the last of search and domain", "search a b\ndomain C.Example.\n",
	 " | c.example | 1"},
	{"no sense",
	 "nameserver\nnameserver example\nsearch a!b ok\noptions ndots:\nx y\n",
	 " | ok | 0"},
	{"too many dots", "options ndots:99", " | | 15"},
	{"two servers, blanks, no end of line",
	 "\tnameserver\t192.0.2.1 \r\nnameserver 2001:db8::1",
	 "192.0.2.1 2001:db8::1 | | 1"},
};

static void test_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = NULL, got[512] = "";
		struct resolv_conf rc;

		(void)str_dup(&text, files[i].text);
		resolv_conf_parse(&rc, text);
		mem_deref(text);
		for (unsigned k = 0; k < rc.server_count; k++)
			sprintf(got + strlen(got), "%s ", rc.servers[k]);
		strcat(got, *got ? "|" : " |");
		for (unsigned k = 0; k < rc.search_count; k++)
			sprintf(got + strlen(got), " %s", rc.search[k]);
		sprintf(got + strlen(got), " | %u", rc.ndots);
		is_str(got, files[i].want, files[i].name);
	}
}

static const struct {
	const char *name, *host;
	unsigned ndots;
	const char *want;
} hosts[] = {
	{"a short name", "sbc", 1, "sbc.a.test sbc.b.test sbc"},
	{"a name with as many dots", "sbc.x", 1, "sbc.x sbc.x.a.test sbc.x.b.test"},
	{"fewer than Kubernetes asks for", "sbc.x", 5, "sbc.x.a.test sbc.x.b.test sbc.x"},
	{"no dots asked for", "sbc", 0, "sbc sbc.a.test sbc.b.test"},
	{"a dot at the end", "sbc.", 1, "sbc"},
	{"an address", "192.0.2.1", 5, "192.0.2.1"},
};

static void test_names(void)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct search s = {.on = true,
				   .ndots = hosts[i].ndots,
				   .count = 2,
				   .domains = {"a.test", "b.test"}};
		const struct config_slice host = {hosts[i].host, strlen(hosts[i].host)};
		struct candidate c;
		char got[512] = "";

		for (unsigned n = 0; search_candidate(&c, &s, &host, n); n++)
			sprintf(got + strlen(got), "%s%s", n ? " " : "", c.name);
		is_str(got, hosts[i].want, hosts[i].name);
	}
}

/* From a URI to addresses by way of several names. */
static const struct {
	const char *name, *uri;
	bool off;
	const char *zone, *asked, *want;
} roads[] = {
	{"the first domain", "sip:sbc:5060", false, "sbc.a.test 60 A 192.0.2.1\n",
	 "A sbc.a.test", "0 1 "},
	{"the second", "sip:sbc:5060", false,
	 "sbc.b.test 60 A 192.0.2.1\nsbc 60 A 192.0.2.2\n", "A sbc.a.test, A sbc.b.test",
	 "0 1 "},
	{"SRV of the second", "sip:sbc;transport=udp", false,
	 "_sip._udp.sbc.b.test 60 SRV 1 1 5060 x.test\nx.test 60 A 192.0.2.1\n",
	 "SRV _sip._udp.sbc.a.test, A sbc.a.test, SRV _sip._udp.sbc.b.test, A x.test",
	 "0 1 "},
	{"none", "sip:sbc:5060;transport=udp", false, "",
	 "A sbc.a.test, A sbc.b.test, A sbc, SRV _sip._udp.sbc",
	 "1 0 sbc A: NXDOMAIN; nor by 2 search domains"},
	{"a server fails at the first", "sip:sbc:5060", false,
	 "sbc.a.test 1 A !SERVFAIL\nsbc.b.test 60 A 192.0.2.1\n",
	 "A sbc.a.test, A sbc.b.test", "0 1 "},
	{"a server fails at the first, none at others", "sip:sbc:5060;transport=udp",
	 false, "sbc.a.test 1 A !SERVFAIL\n",
	 "A sbc.a.test, A sbc.b.test, A sbc, SRV _sip._udp.sbc",
	 "3 0 sbc.a.test A: SERVFAIL; nor by 2 search domains"},
	{"a server fails at the last", "sip:sbc:5060", false, "sbc 1 A !SERVFAIL\n",
	 "A sbc.a.test, A sbc.b.test, A sbc",
	 "3 0 sbc A: SERVFAIL; nor by 2 search domains"},
	{"a server fails in between", "sip:sbc:5060;transport=udp", false,
	 "sbc.b.test 1 A !SERVFAIL\n",
	 "A sbc.a.test, A sbc.b.test, A sbc, SRV _sip._udp.sbc",
	 "3 0 sbc.b.test A: SERVFAIL; nor by 2 search domains"},
	{"silence at the second", "sip:sbc:5060", false, "sbc.b.test 1 A !TIMEOUT\n",
	 "A sbc.a.test, A sbc.b.test",
	 "4 0 sbc.b.test A: timeout; nor by 1 search domains"},
	{"parameters go with the host", "sips:sbc;transport=tcp", false,
	 "_sips._tcp.sbc.a.test 60 SRV 1 1 5061 x.test\nx.test 60 A 192.0.2.1\n",
	 "SRV _sips._tcp.sbc.a.test, A x.test", "0 1 "},
	{"at two: the first is told", "sip:sbc:5060", false,
	 "sbc.a.test 1 A !SERVFAIL\nsbc 1 A !SERVFAIL\n",
	 "A sbc.a.test, A sbc.b.test, A sbc",
	 "3 0 sbc.a.test A: SERVFAIL; nor by 2 search domains"},
	{"the name as it is comes first", "sip:sbc.x:5060;transport=udp", false,
	 "sbc.x.a.test 60 TXT x\n",
	 "A sbc.x, SRV _sip._udp.sbc.x, A sbc.x.a.test, A sbc.x.b.test",
	 "1 0 sbc.x A: NXDOMAIN; nor by 2 search domains"},
	{"silence ends it", "sip:sbc:5060", false,
	 "sbc.a.test 1 A !TIMEOUT\nsbc.b.test 60 A 192.0.2.1\n", "A sbc.a.test",
	 "4 0 sbc.a.test A: timeout"},
	{"without search", "sip:sbc:5060;transport=udp", true,
	 "sbc.a.test 60 A 192.0.2.1\n", "A sbc, SRV _sip._udp.sbc",
	 "1 0 sbc A: NXDOMAIN short"},
	{"without search, a name with a dot", "sip:sbc.x:5060;transport=udp", true, "",
	 "A sbc.x, SRV _sip._udp.sbc.x", "1 0 sbc.x A: NXDOMAIN"},
	{"without search, a server that fails", "sip:sbc:5060", true,
	 "sbc 1 A !SERVFAIL\n", "A sbc", "3 0 sbc A: SERVFAIL"},
	{"without search, an address of no peer", "sip:sbc:5060", true,
	 "sbc 60 A 0.0.0.0\n", "A sbc",
	 "2 0 sbc A: 0.0.0.0 (the unspecified address can be no peer)"},
	{"maddr is what is searched", "sip:x.test:5060;maddr=sbc", false,
	 "sbc.a.test 60 A 192.0.2.1\n", "A sbc.a.test", "0 1 "},
};

static char road_got[256];

static void road_h(const struct resolve_result *res, void *arg)
{
	struct resolve **rp = arg;

	snprintf(road_got, sizeof(road_got), "%d %zu %s%s", (int)res->status, res->count,
		 res->detail, res->hint == DNS_HINT_SHORT ? " short" : "");
	*rp = mem_deref(*rp);
}

static void test_roads(void)
{
	const struct search search = {
		.on = true, .ndots = 1, .count = 2, .domains = {"a.test", "b.test"}};

	for (size_t i = 0; i < sizeof(roads) / sizeof(roads[0]); i++) {
		struct zone *z = mem_zalloc(sizeof(*z), NULL);
		struct resolve *rs = NULL;
		struct resolver *r = NULL;
		struct config_uri uri;
		char *text = NULL;

		z->lookup.ask = zone_ask;
		z->text = roads[i].zone;
		(void)resolver_alloc_lookup(&r, mem_ref(&z->lookup));
		if (!roads[i].off)
			resolver_set_search(r, &search);
		(void)str_dup(&text, roads[i].uri);
		(void)config_uri_parse(text, &uri);
		(void)resolve_start(&rs, r, &uri, CONFIG_FAMILY_IPV4, road_h, &rs);
		text = mem_deref(text); /* the URI may be gone by the next name */
		road_got[0] = '\0';
		zone_answer_all(z);
		is_str(road_got, roads[i].want, roads[i].name);
		is_str(z->log, roads[i].asked, "… asked in this order");
		mem_deref(rs);
		mem_deref(r);
		mem_deref(z);
	}
}

struct asked {
	struct resolver **resolver;
	struct resolve *rs;
	unsigned told;
	bool ends; /* the resolver, in the handler */
};

static void asked_h(const struct resolve_result *res, void *arg)
{
	struct asked *a = arg;

	a->told += res->count == 1;
	a->rs = mem_deref(a->rs);
	if (a->ends)
		*a->resolver = mem_deref(*a->resolver);
}

static bool are_told(void *arg)
{
	const struct asked *a = arg;

	return a[0].told && a[1].told && a[2].told;
}

static bool is_told(void *arg)
{
	return ((struct asked *)arg)->told;
}

/* Addresses need no question, and are told from the loop all the same. */
static void test_literals(void)
{
	for (int ends = 0; ends < 2; ends++) {
		struct zone *z = mem_zalloc(sizeof(*z), NULL);
		struct resolver *r = NULL;
		struct asked a[3] = {{.resolver = &r, .ends = ends}};
		struct config_uri uri;

		z->lookup.ask = zone_ask;
		(void)resolver_alloc_lookup(&r, mem_ref(&z->lookup));
		(void)config_uri_parse("sip:192.0.2.1", &uri);
		for (int i = 0; i < 3; i++)
			is_int(resolve_start(&a[i].rs, r, &uri, CONFIG_FAMILY_ANY,
					     asked_h, &a[i]),
			       0, "asked");
		is_int(a[0].told + a[1].told + a[2].told, 0, "not inside the call");
		if (!ends)
			ok(loop_until(are_told, a), "each from the loop");
		else
			ok(loop_until(is_told, a), "the first ends the resolver");
		for (int i = 0; i < 5; i++)
			loop_turn();
		is_int(a[0].told + a[1].told + a[2].told, ends ? 1 : 3, "once each");
		for (int i = 0; i < 3; i++)
			mem_deref(a[i].rs);
		mem_deref(r);
		mem_deref(z);
	}
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static void changed_h(void *arg)
{
	++*(unsigned *)arg;
}

static void test_watch(void)
{
	char path[64], other[80];
	struct resolv_watch *w = NULL;
	struct ticker *ticker = NULL;
	unsigned told = 0;

	snprintf(path, sizeof(path), "/tmp/resolv-%d", (int)getpid());
	snprintf(other, sizeof(other), "%s.new", path);
	put(path, "nameserver 192.0.2.1\n");
	(void)ticker_alloc(&ticker);
	(void)resolv_watch_alloc(&w, ticker, path, changed_h, &told);
	resolv_watch_want(w, true);
	pass_ms(10000);
	is_int(told, 0, "nothing changed");
	put(path, "nameserver 192.0.2.2\n");
	pass_ms(2001);
	is_int(told, 0, "it may be half written");
	pass_ms(2001);
	is_int(told, 1, "told");
	put(other, "nameserver 192.0.2.3\n");
	(void)rename(other, path);
	pass_ms(4002);
	is_int(told, 2, "one in its place, too");
	put(path, "# again\nnameserver 192.0.2.3\n");
	pass_ms(4002);
	is_int(told, 2, "what says the same is no news");
	(void)unlink(path);
	pass_ms(4002);
	is_int(told, 2, "nor is none at all");
	put(other, "nameserver 192.0.2.4\n");
	(void)!symlink(other, path);
	pass_ms(4002);
	is_int(told, 3, "a link");
	resolv_watch_want(w, false);
	put(other, "nameserver 192.0.2.5\n");
	pass_ms(4002);
	is_int(told, 3, "nobody wants to know");
	mem_deref(w);
	mem_deref(ticker);
	(void)unlink(path);
	(void)unlink(other);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_files();
	test_names();
	test_roads();
	test_literals();
	test_watch();
	libre_close();
	return tap_done();
}

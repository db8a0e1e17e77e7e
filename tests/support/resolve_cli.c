/*
 * Resolves URIs on the loop and prints what came out, a line for each: for the tests that
 * have real DNS servers.
 *
 *   resolve_cli [-s SERVER]… [-r RESOLV_CONF] [-h HOSTS] [-4|-6] [-w MS] [-n N] [-c] URI…
 *
 * Lines: "MS URI STATUS TTL ADDRESS:PORT/TRANSPORT/PRIORITY/WEIGHT … [DETAIL]". A "%d" in
 * a URI is replaced by 0 to N-1 (-n). "-w" waits before the next argument is started and
 * for all that runs; "-c" lets go of everything 20 ms after it started. At the end
 * "worst MS" says how long the loop stood still at most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/uri.h"
#include "sipprobe/dns/lookup.h"

enum { URIS_MAX = 20000, SERVERS_MAX = 8, TICK_MS = 1, CANCEL_MS = 20 };

struct asked {
	struct resolve *rs;
	int64_t since_ns;
	char text[300];
};

static struct asked *asked;
static unsigned asked_count;
static unsigned running;
static struct resolver *resolver;
static bool stop_wanted;
static int64_t tick_ns, worst_ns;
static struct tmr tick;

static void result_h(const struct resolve_result *res, void *arg)
{
	static const char *const status[] = {"OK",	 "NXDOMAIN", "NODATA",
					     "SERVFAIL", "TIMEOUT",  "BOGUS"};
	static const char *const transport[] = {"none", "udp", "tcp", "tls"};
	struct asked *a = arg;

	printf("%.1f %s %s %u", (clock_monotonic_ns() - a->since_ns) / 1e6, a->text,
	       status[res->status], res->ttl_s);
	for (size_t i = 0; i < res->count; i++) {
		char addr[64];

		sa_ntop(&res->addresses[i].sa, addr, sizeof(addr));
		printf(" %s:%u/%s/%u/%u", addr, sa_port(&res->addresses[i].sa),
		       transport[res->addresses[i].transport], res->addresses[i].priority,
		       res->addresses[i].weight);
	}
	printf(" [%s]\n", res->detail);
	fflush(stdout);
	a->rs = mem_deref(a->rs);
	if (!--running && stop_wanted)
		re_cancel();
}

static void start(const char *text, enum config_family family)
{
	struct asked *a = &asked[asked_count++];
	struct config_uri uri;
	const char *why;
	int err;

	snprintf(a->text, sizeof(a->text), "%s", text);
	a->since_ns = clock_monotonic_ns();
	why = config_uri_parse(a->text, &uri);
	err = why ? 0 : resolve_start(&a->rs, resolver, &uri, family, result_h, a);
	if (why || err)
		printf("0 %s ERROR %s\n", text, why ? why : strerror(err));
	else
		running++;
}

static void start_all(const char *text, enum config_family family, unsigned n)
{
	const char *at = strstr(text, "%d");
	char buf[300];

	for (unsigned i = 0; i < (at ? n : 1); i++) {
		if (at)
			snprintf(buf, sizeof(buf), "%.*s%u%s", (int)(at - text), text, i,
				 at + 2);
		start(at ? buf : text, family);
	}
}

static void tick_h(void *arg)
{
	int64_t now_ns = clock_monotonic_ns();

	(void)arg;
	if (now_ns - tick_ns > worst_ns)
		worst_ns = now_ns - tick_ns;
	tick_ns = now_ns;
	tmr_start(&tick, TICK_MS, tick_h, NULL);
}

static void cancel_h(void *arg)
{
	(void)arg;
	re_cancel();
}

static void run_for(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	if (ms)
		tmr_start(&tmr, ms, cancel_h, NULL);
	tick_ns = clock_monotonic_ns();
	tmr_start(&tick, TICK_MS, tick_h, NULL);
	re_main(NULL);
	tmr_cancel(&tmr);
	tmr_cancel(&tick);
}

struct options {
	const char *servers[SERVERS_MAX];
	struct config_dns conf;
	struct lookup_system sys;
	enum config_family family;
	unsigned n;
	unsigned wait_ms;
	bool cancel;
};

/* Returns false for an option that there is not. */
static bool options_read(struct options *o, int argc, char *argv[])
{
	int opt;

	o->conf.servers = o->servers;
	while ((opt = getopt(argc, argv, "s:r:h:46w:n:c")) != -1) {
		if (opt == 's' && o->conf.server_count < SERVERS_MAX)
			o->servers[o->conf.server_count++] = optarg;
		else if (opt == 'r')
			o->sys.resolv_conf = optarg;
		else if (opt == 'h')
			o->sys.hosts = optarg;
		else if (opt == '4' || opt == '6')
			o->family = opt == '4' ? CONFIG_FAMILY_IPV4 : CONFIG_FAMILY_IPV6;
		else if (opt == 'w')
			o->wait_ms = (unsigned)atoi(optarg);
		else if (opt == 'n')
			o->n = (unsigned)atoi(optarg);
		else if (opt == 'c')
			o->cancel = true;
		else
			return false;
	}
	return true;
}

static void run_all(const struct options *o, int argc, char *argv[])
{
	for (int i = optind; i < argc; i++) {
		start_all(argv[i], o->family, o->n);
		if (o->wait_ms && i + 1 < argc)
			run_for(o->wait_ms);
	}
	stop_wanted = true;
	if (running)
		run_for(o->cancel ? CANCEL_MS : 0);
	printf("worst %.1f\n", worst_ns / 1e6);
}

/* With an odd number asked the resolver goes first, else its resolutions. */
static void close_all(void)
{
	int64_t since_ns = clock_monotonic_ns();

	if (asked_count % 2)
		resolver = mem_deref(resolver);
	for (unsigned i = 0; i < asked_count; i++)
		mem_deref(asked[i].rs);
	mem_deref(resolver);
	printf("closed %.1f\n", (clock_monotonic_ns() - since_ns) / 1e6);
}

int main(int argc, char *argv[])
{
	struct options o = {.n = 1};
	struct lookup *lookup;
	int err;

	if (!options_read(&o, argc, argv))
		return 2;
	asked = calloc(URIS_MAX, sizeof(*asked));
	libre_init();
	fd_setsize(4096);
	tmr_init(&tick);
	err = lookup_unbound_alloc(&lookup, &o.conf, &o.sys);
	if (!err)
		err = resolver_alloc_lookup(&resolver, lookup);
	if (err) {
		printf("alloc %s\n", strerror(err));
		return 1;
	}
	run_all(&o, argc, argv);
	close_all();
	free(asked);
	libre_close();
	return 0;
}

/* The resolver in force: forgotten when that is asked for, but not too often. */
#include "sipprobe/dns/resolvers.h"
#include "tests/unit/sipprobe/dns/zone_resolver.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

static void resolved_h(const struct resolve_result *res, void *arg)
{
	*(size_t *)arg += res->count;
}

static void test_forget(void)
{
	const struct config_dns conf = {.servers = NULL};
	struct resolvers r = {.current = NULL};
	struct resolver *first = NULL, *second;
	struct resolve *under_way = NULL;
	struct config_uri uri;
	struct zone *zone = zone_use("a.test 60 A 192.0.2.1\n");
	size_t addresses = 0;

	(void)resolver_alloc(&first, &conf);
	resolvers_replace(&r, first);
	ok(r.current == first && !r.former, "in force");
	virtual_now_ns += (RESOLVERS_FRESH_S * CLOCK_NS_PER_S) - 1;
	resolvers_forget(&r, &conf);
	ok(r.current == first, "too fresh to be forgotten");

	(void)config_uri_parse("sip:a.test:5060", &uri);
	(void)resolve_start(&under_way, r.current, &uri, CONFIG_FAMILY_IPV4, resolved_h,
			    &addresses);
	virtual_now_ns += 1;
	resolvers_forget(&r, &conf);
	second = r.current;
	ok(second && second != first && r.former == first, "another takes its place");
	zone_answer_all(zone);
	is_int((long long)addresses, 1, "what the former was asked is answered");
	under_way = mem_deref(under_way);
	resolvers_forget(&r, &conf);
	ok(r.current == second, "and not again at once");
	virtual_now_ns += RESOLVERS_FRESH_S * CLOCK_NS_PER_S;
	resolvers_forget(&r, &conf);
	ok(r.current != second && r.former == second, "but in time");
	is_int(resolvers_made, 3, "three of them");
	resolvers_replace(&r, NULL);
	ok(!r.current && !r.former, "all are let go");
	is_int((long long)mem_nrefs(zone), 1, "with what they asked");
	mem_deref(zone);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_forget();
	libre_close();
	return tap_done();
}

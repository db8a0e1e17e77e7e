/* The name of a trunk: when it is resolved, and what its answers bring. */
#include "tests/unit/sipprobe/trunk/trunks.h"

/* Names are asked for again at their TTL's end; what stays keeps all it knows. */
static void test_ttl(void)
{
	struct target *kept;
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", STEADY, TWO);
	is_str(ts.zone->log, "A isp.test", "asked");
	zone_answer_all(ts.zone);
	is_str(told(&ts), "trunk isp, 0/0, 0/2", "two addresses");
	all_answer(&ts);
	kept = ts.trunk->targets[1];
	ts.zone->text = "isp.test 7200 A 127.0.0.3\nisp.test 7200 A 127.0.0.2\n";
	pass_ms(59 * 1000);
	is_int(ts.zone->count, 1, "good for as long as it says");
	pass_ms(1001);
	is_int(ts.zone->count, 2, "then asked for again");
	zone_answer_all(ts.zone);
	is_str(told(&ts), "remove, 1/2", "one address went and one came");
	is_int(ts.trunk->target_count, 2, "two again");
	ok(ts.trunk->targets[0] == kept && target_state(kept) == HEALTH_UP,
	   "one stayed, and is up as before");
	pass_ms(3599 * 1000);
	is_int(ts.zone->count, 2, "a long TTL");
	pass_ms(1001);
	is_int(ts.zone->count, 3, "is an hour at the most");
	trunks_close(&ts);
}

/* Addresses wait for a probe on one that left, not for its deadline: a call's is far. */
static void test_held(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    ", \"interval\": \"1h\", \"timeout\": \"50s\", \"family\": \"ipv4\"",
		    TWO);
	zone_answer_all(ts.zone);
	all_answer(&ts);
	ts.zone->text = "isp.test 7200 A 127.0.0.3\nisp.test 7200 A 127.0.0.2\n";
	pass_ms(59 * 1000);
	fixture_probe(ts.trunk->targets[0]);
	pass_ms(1001);
	is_int(ts.zone->count, 2, "asked again");
	zone_answer_all(ts.zone);
	pass_ms(5000);
	is_str(told(&ts), "", "while a probe is under way, nothing changes");
	target_icmp(ts.trunk->targets[0], ECONNREFUSED);
	(void)told(&ts);
	pass_ms(1001);
	is_str(told(&ts), "remove, 1/2", "its end is seen within a second");
	trunks_close(&ts);
}

static void test_dns_failure_first(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    CALM ", \"family\": \"ipv4\", \"down_interval\": \"10s\"", "");
	zone_answer_all(ts.zone);
	is_str(told(&ts),
	       "trunk isp, 0/0, dns: isp.test A: NXDOMAIN, unknown>down by dns",
	       "no address: the trunk itself has failed");
	is_str(ts.zone->log,
	       "A isp.test, SRV _sip._udp.isp.test, SRV _sip._tcp.isp.test, "
	       "SRV _sips._tcp.isp.test",
	       "asked, and what else there may be of it");
	pass_ms(9900);
	is_int(ts.zone->count, 4, "tried again");
	pass_ms(101);
	is_int(ts.zone->count, 5, "at the pace of what is down");
	ts.zone->text = TWO;
	zone_answer_all(ts.zone);
	is_str(told(&ts), "0/2", "it has addresses, and is down until one answers");
	probe(&ts, 0, "200 OK");
	is_str(told(&ts), "1/2, down>degraded by 127.0.0.1 OPTIONS", "as one does");
	trunks_close(&ts);
}

static void test_dns_failure_later(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    CALM ", \"family\": \"ipv4\", \"down_interval\": \"10s\"", TWO);
	zone_answer_all(ts.zone);
	all_answer(&ts);
	ts.zone->text = "isp.test 0 A !SERVFAIL";
	pass_ms(60001);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "dns: isp.test A: SERVFAIL", "told");
	is_int(ts.trunk->target_count, 2, "the last good addresses stay");
	ts.zone->text = TWO;
	pass_ms(10001);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "2/2", "and told again when it is over");
	trunks_close(&ts);
}

static void test_dns_silence(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", CALM ", \"family\": \"ipv4\"", TWO);
	pass_ms(5001);
	is_str(told(&ts),
	       "trunk isp, 0/0, dns: no answer from DNS before the probe's deadline, "
	       "unknown>down by dns",
	       "a probe waits no longer than its timeout");
	trunks_close(&ts);
}

/* While no address answers DNS is asked anew, long before the TTL's end. */
static void test_lost(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", CALM ", \"family\": \"ipv4\"",
		    "isp.test 3600 A 127.0.0.1\n");
	zone_answer_all(ts.zone);
	all_answer(&ts);
	pass_ms(40000);
	is_int(ts.zone->count, 1, "all is well: no hurry");
	probe(&ts, 0, NULL);
	pass_ns(WHEEL_TICK_NS);
	is_int(ts.zone->count, 2, "lost: asked anew");
	is_int(resolvers_made, 1, "without what was remembered");
	zone_answer_all(ts.zone);
	probe(&ts, 0, "200 OK");
	pass_ms(100000);
	is_int(ts.zone->count, 3, "found: once more, as was planned, and no hurry again");
	is_int(resolvers_made, 1, "by what is remembered");
	trunks_close(&ts);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_ttl,
		test_held,
		test_dns_failure_first,
		test_dns_failure_later,
		test_dns_silence,
		test_lost,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

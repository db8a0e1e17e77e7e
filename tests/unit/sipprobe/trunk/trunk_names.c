/* The name of a trunk: when it is resolved, and what its answers bring. */
#include "tests/unit/sipprobe/trunk/trunks.h"

static bool realloc_fails;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_realloc(void *p, size_t size)
{
	return realloc_fails ? NULL : __real_realloc(p, size);
}

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
	kept = trunk_targets(ts.trunk)[1];
	ts.zone->text = "isp.test 7200 A 127.0.0.3\nisp.test 7200 A 127.0.0.2\n";
	pass_ms(59 * 1000);
	is_int(ts.zone->count, 1, "good for as long as it says");
	pass_ms(1001);
	is_int(ts.zone->count, 2, "then asked for again");
	zone_answer_all(ts.zone);
	is_str(told(&ts), "remove, 1/2", "one address went and one came");
	is_int(ts.trunk->target_count, 2, "two again");
	ok(trunk_targets(ts.trunk)[0] == kept && target_state(kept) == HEALTH_UP,
	   "one stayed, and is up as before");
	pass_ms(3599 * 1000);
	is_int(ts.zone->count, 2, "a long TTL");
	pass_ms(1001);
	is_int(ts.zone->count, 3, "is an hour at the most");
	trunks_close(&ts);
}

/* A TTL of nothing is a second. */
static void test_no_ttl(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", STEADY, "isp.test 0 A 127.0.0.1\n");
	zone_answer_all(ts.zone);
	pass_ms(998);
	is_int(ts.zone->count, 1, "not at once");
	pass_ms(4);
	is_int(ts.zone->count, 2, "asked for again");
	trunks_close(&ts);
}

/* How long a name took to resolve is a phase of the first probe. */
static void test_duration(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", STEADY, TWO);
	pass_ms(300);
	zone_answer_all(ts.zone);
	probe(&ts, 0, "200 OK");
	is_int(ts.f.last.phase_ns[PROBE_PHASE_RESOLVE], 300 * CLOCK_NS_PER_MS,
	       "from the question to the answer");
	trunks_close(&ts);
}

#define LONG                                                                             \
	", \"interval\": \"1h\", \"timeout\": \"50500ms\", \"family\": \"ipv4\", "       \
	"\"fall\": "                                                                     \
	"9"

/* A trunk with a probe under way, whose name has one address less and one more. */
static void held_open(struct trunks *ts, unsigned busy, const char *zone)
{
	trunks_open(ts, "sip:isp.test:%u", LONG, TWO);
	zone_answer_all(ts->zone);
	all_answer(ts);
	ts->zone->text = zone;
	pass_ms(59 * 1000);
	fixture_probe(trunk_targets(ts->trunk)[busy]);
	pass_ms(1001);
	is_int(ts->zone->count, 2, "asked again");
	zone_answer_all(ts->zone);
}

#define FIRST_GOES  "isp.test 7200 A 127.0.0.3\nisp.test 7200 A 127.0.0.2\n"
#define SECOND_GOES "isp.test 7200 A 127.0.0.3\nisp.test 7200 A 127.0.0.1\n"

/* Addresses wait for a probe on one that left, not for its deadline: a call's is far. */
static void test_held(void)
{
	static const struct {
		const char *name, *zone;
		unsigned busy;
	} cases[] = {
		{"the first goes", FIRST_GOES, 0},
		{"the second goes", SECOND_GOES, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trunks ts;

		held_open(&ts, cases[i].busy, cases[i].zone);
		pass_ms(5200);
		is_str(told(&ts), "", "while a probe is under way, nothing changes");
		target_icmp(trunk_targets(ts.trunk)[cases[i].busy], ECONNREFUSED);
		(void)told(&ts);
		pass_ms(500);
		is_str(told(&ts), "", "nor all at once");
		pass_ms(501);
		is_str(told(&ts), "remove, 1/2", cases[i].name);
		trunk_resolve_again(ts.trunk);
		is_int(ts.zone->count, 2, "what is known need not be asked");
		trunks_close(&ts);
	}
}

/* A probe on an address that stays is nothing to wait for. */
static void test_not_held(void)
{
	struct trunks ts;

	held_open(&ts, 1, FIRST_GOES);
	is_str(told(&ts), "remove, 1/2", "at once");
	trunks_close(&ts);
}

/* It is known when such a probe ends at the latest: no look a second is waited for. */
static void test_held_until(void)
{
	struct trunks ts;
	int64_t until_ns;

	held_open(&ts, 0, FIRST_GOES);
	until_ns = target_busy_until_ns(trunk_targets(ts.trunk)[0]);
	pass_ns(until_ns - virtual_now_ns);
	(void)told(&ts);
	pass_ms(30);
	is_str(told(&ts), "remove, 1/2", "at its deadline");
	trunks_close(&ts);
}

/* A reload asks anew while an answer waits, and forgets that. */
static void test_held_restart(void)
{
	struct trunks ts;

	held_open(&ts, 0, FIRST_GOES);
	trunk_resolve_again(ts.trunk);
	is_int(ts.zone->count, 3, "asked again");
	ts.zone->text = TWO;
	zone_answer_all(ts.zone);
	target_icmp(trunk_targets(ts.trunk)[0], ECONNREFUSED);
	(void)told(&ts);
	pass_ms(2000);
	is_str(told(&ts), "", "and what is told then holds");
	trunk_resolve_again(ts.trunk);
	is_int(ts.zone->count, 3, "what is known need not be asked");
	trunks_close(&ts);
}

/* A trunk that goes asks no more, whatever it waits for. */
static void test_gone(void)
{
	static const char *const names[] = {"the answer", "the TTL's end", "a probe"};

	for (int i = 0; i < 3; i++) {
		struct trunks ts;
		unsigned count;

		if (i == 2)
			held_open(&ts, 0, FIRST_GOES);
		else
			trunks_open(&ts, "sip:isp.test:%u", LONG, TWO);
		if (i == 1)
			zone_answer_all(ts.zone);
		ts.trunk = mem_deref(ts.trunk);
		ok(list_isempty(&ts.zone->asked), "it waited for %s", names[i]);
		(void)told(&ts);
		count = ts.zone->count;
		pass_ms(200000);
		is_int(ts.zone->count, count, "nothing is asked");
		is_str(told(&ts), "", "or told");
		trunks_close(&ts);
	}
}

#define NAPTR "isp.test 60 NAPTR 1 1 s SIP+D2U - _sip._udp.isp.test.\n"
#define SRV_1 "_sip._udp.isp.test 60 SRV 1 1 9 a.test.\na.test 60 A 127.0.0.1\n"
#define SRV_2 "_sip._udp.isp.test 60 SRV 1 1 9 b.test.\nb.test 60 A 127.0.0.2\n"
#define TCP_2                                                                            \
	"isp.test 60 NAPTR 1 2 s SIP+D2T - _sip._tcp.isp.test.\n"                        \
	"_sip._tcp.isp.test 60 SRV 1 1 9 b.test.\nb.test 60 A 127.0.0.2\n"
#define HOST_2 "isp.test 60 A 127.0.0.2\n"

/* What is found past records that failed is taken only if it was found so before. */
static void test_lesser(void)
{
	static const struct {
		const char *name, *before, *after;
		bool stays;
	} cases[] = {
		{"SRV fails, by which it was found", SRV_1,
		 "_sip._udp.isp.test 60 SRV !SERVFAIL\n" HOST_2, true},
		{"SRV fails, of which there was none", "isp.test 60 A 127.0.0.1\n",
		 "_sip._udp.isp.test 60 SRV !SERVFAIL\n" HOST_2, false},
		{"NAPTR fails, by which it was found", NAPTR SRV_1,
		 "isp.test 60 NAPTR !SERVFAIL\n" SRV_2, true},
		{"NAPTR fails, of which there was none", SRV_1,
		 "isp.test 60 NAPTR !SERVFAIL\n" SRV_2, false},
		{"SRV fails, to which NAPTR led", NAPTR SRV_1,
		 NAPTR "_sip._udp.isp.test 60 SRV !SERVFAIL\n" TCP_2, true},
		{"none fails", NAPTR SRV_1, SRV_2, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trunks ts;
		char address[64];

		trunks_open(&ts, "sip:isp.test", CALM ", \"family\": \"ipv4\"",
			    cases[i].before);
		zone_answer_all(ts.zone);
		is_int(ts.trunk->target_count, 1, cases[i].name);
		(void)told(&ts);
		ts.zone->text = cases[i].after;
		naming_resolve(ts.trunk->naming);
		zone_answer_all(ts.zone);
		(void)re_snprintf(address, sizeof(address), "%j",
				  &target_address(trunk_targets(ts.trunk)[0])->sa);
		is_str(address, cases[i].stays ? "127.0.0.1" : "127.0.0.2",
		       "the address in use");
		ok(!strncmp(told(&ts), "dns: ", 5) == cases[i].stays,
		   "a failure, or not");
		trunks_close(&ts);
	}
}

/* Addresses for whose targets there is no memory are as none, until there is. */
static void test_no_memory(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    CALM ", \"family\": \"ipv4\", \"down_interval\": \"10s\"", TWO);
	realloc_fails = true;
	zone_answer_all(ts.zone);
	realloc_fails = false;
	is_str(told(&ts),
	       "trunk isp, 0/0, dns: Cannot allocate memory, unknown>down by dns",
	       "told");
	is_int(ts.last.err, ENOMEM, "as what it is");
	pass_ms(10001);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "0/2", "and tried again");
	trunks_close(&ts);
}

/* A question that cannot be put at all is a failure like others. */
static void test_not_asked(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    CALM ", \"family\": \"ipv4\", \"down_interval\": \"10s\"", TWO);
	zone_answer_all(ts.zone);
	all_answer(&ts);
	ts.zone->refuse_after = 1;
	pass_ms(60001);
	is_str(told(&ts), "dns: No buffer space available", "told");
	ts.zone->refuse_after = 0;
	pass_ms(10001);
	is_int(ts.zone->count, 2, "and tried again");
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
	is_int(ts.last.verdict, PROBE_DOWN, "by a result of its own");
	is_str(ts.last.detail, "isp.test A: NXDOMAIN", "and what is");
	is_int(ts.last.err, 0, "which is no error of ours");
	is_int(ts.by_pings, 0, "and not by the peer's pings");
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
	pass_ms(60001);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "", "once");
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
	is_int(ts.last.err, ETIMEDOUT, "which says that");
	ok(list_isempty(&ts.zone->asked), "and no longer waits");
	pass_ms(RESOLVERS_FRESH_S * 1000 - 5000);
	is_int(ts.zone->count, 2, "asked anew, long before the next probe");
	trunks_close(&ts);
}

/* Why a name may have no address goes with its failure. */
static void test_dns_hint(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", CALM ", \"family\": \"ipv4\"",
		    "_sip._udp.isp.test 60 SRV 1 1 9 a.test.\n");
	zone_answer_all(ts.zone);
	is_int(ts.dns_hint, DNS_HINT_PORT, "it has SRV records");
	is_int(ts.last.dns_hint, DNS_HINT_PORT, "as the trunk's result says");
	trunks_close(&ts);
}

/* What is known at that time is told, though more might be found out about it. */
static void test_dns_settled(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", CALM ", \"family\": \"ipv4\"", "");
	(void)zone_answer_one(ts.zone);
	is_str(told(&ts), "trunk isp, 0/0", "more is asked");
	pass_ms(5001);
	is_str(told(&ts), "dns: isp.test A: NXDOMAIN, unknown>down by dns",
	       "but not waited for any longer");
	is_int(ts.last.err, 0, "no error of ours");
	ok(list_isempty(&ts.zone->asked), "and given up");
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
		test_no_ttl,
		test_duration,
		test_held,
		test_not_held,
		test_held_until,
		test_held_restart,
		test_gone,
		test_lesser,
		test_no_memory,
		test_not_asked,
		test_dns_failure_first,
		test_dns_failure_later,
		test_dns_silence,
		test_dns_hint,
		test_dns_settled,
		test_lost,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

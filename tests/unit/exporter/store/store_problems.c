/* The facts that problems of a trunk are judged by, of all of its targets together. */
#include <stdlib.h>

#include "base/clock.h"
#include "config/config.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/tap.h"

#define NOW	    1700000000LL
#define SEC	    CLOCK_NS_PER_S
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const double bounds[] = {1};
static const struct config_call call = {.mode = CONFIG_CALL_ECHO};
static const struct config_settings settings = {.mark_copies = true};
static const struct config_settings calling = {
	.call = &call, .methods = 1 << CONFIG_METHOD_OPTIONS | 1 << CONFIG_METHOD_INVITE};
static const struct config_trunk trunk = {"a", "sip:192.0.2.1", .settings = &settings};
static const struct config_trunk caller = {"c", "sip:192.0.2.1", .settings = &calling};
static const struct engine_target options = {"OPTIONS", "192.0.2.1:5060", "udp"};
static const struct engine_target other = {"OPTIONS", "192.0.2.2:5060", "udp"};

struct world {
	struct store *s;
	struct store_trunk *row;
	struct store_target *cell;
};

static void begin(struct world *w, const struct config_trunk *conf)
{
	if (store_alloc(&w->s, bounds, 1))
		exit(1);
	store_remember(w->s, 8, 1 << 20);
	w->row = store_trunk_add(w->s, conf);
	w->cell = store_target_add(w->s, w->row, &options);
}

static struct problems_facts facts_at(const struct world *w, int64_t now_ns)
{
	struct problems_facts f;

	store_problems(&f, w->s, w->row, now_ns);
	return f;
}

static struct problems_facts facts(const struct world *w)
{
	return facts_at(w, NOW * SEC);
}

/* @latency_us: below 0: no answer came */
static void probe(const struct world *w, struct store_target *cell, int64_t age_s,
		  int64_t latency_us)
{
	struct probe_result r = probe_result_none();

	r.outcome = latency_us < 0 ? PROBE_TIMEOUT : PROBE_RESPONSE;
	r.verdict = latency_us < 0 ? PROBE_DOWN : PROBE_UP;
	r.code = latency_us < 0 ? 0 : 200;
	r.begun_unix_ns = (NOW - age_s) * SEC;
	r.phase_ns[PROBE_PHASE_ANSWER] = latency_us < 0 ? -1 : latency_us * 1000;
	store_probe_done(w->s, cell, &r);
}

/* --- latency --- */

static const struct {
	const char *name;
	struct {
		int64_t age_s, us; /* the oldest first; us: -1: not answered */
	} probes[4];
	size_t count;
	bool slow;
} slow_cases[] = {
	{"no answer yet", {{0, 0}}, 0, false},
	{"a late answer", {{0, 600000}}, 1, true},
	{"one in time", {{0, 400000}}, 1, false},
	{"a quarter of an hour ago", {{900, 600000}}, 1, true},
	{"longer ago", {{901, 600000}}, 1, false},
	{"a row that reaches back so far",
	 {{900, 2000000}, {500, 2000000}, {0, 1}},
	 3,
	 true},
	{"one that reaches farther", {{901, 2000000}, {500, 2000000}, {0, 1}}, 3, false},
	{"late before failures", {{90, 600000}, {60, -1}, {30, -1}}, 3, true},
	{"failures, which have no latency", {{90, 1000}, {60, -1}, {30, -1}}, 3, false},
	{"half of the threshold is not late",
	 {{3, 250000}, {2, 250000}, {1, 2000000}},
	 3,
	 false},
	{"more than that is", {{3, 250001}, {2, 250000}, {1, 2000000}}, 3, true},
};

static void test_slow(void)
{
	for (size_t i = 0; i < COUNT(slow_cases); i++) {
		struct store_target *second;
		struct world w;

		begin(&w, &trunk);
		second = store_target_add(w.s, w.row, &other);
		for (size_t k = 0; k < slow_cases[i].count; k++)
			probe(&w, w.cell, slow_cases[i].probes[k].age_s,
			      slow_cases[i].probes[k].us);
		probe(&w, second, 1, 1000);
		is_int(facts(&w).slow, slow_cases[i].slow, slow_cases[i].name);
		store_free(w.s);
	}
}

/* --- registrations and certificates --- */

static void registered(const struct world *w, struct store_target *cell, bool success,
		       int64_t until_s)
{
	struct probe_result r = probe_result_none();

	r.verdict = success ? PROBE_UP : PROBE_DOWN;
	r.code = success ? 200 : 403;
	r.registered_until_s = until_s;
	store_probe_done(w->s, cell, &r);
}

static void test_registered(void)
{
	static const struct engine_target one = {"REGISTER", "192.0.2.1:5060", "udp"};
	static const struct engine_target two = {"REGISTER", "192.0.2.2:5060", "udp"};
	struct store_target *first, *second;
	struct world w;

	begin(&w, &trunk);
	first = store_target_add(w.s, w.row, &one);
	second = store_target_add(w.s, w.row, &two);
	ok(!facts(&w).register_fails && !facts(&w).registered_until_s, "not tried yet");
	probe(&w, w.cell, 0, -1);
	ok(!facts(&w).register_fails, "OPTIONS is no REGISTER");
	registered(&w, second, false, -1);
	ok(facts(&w).register_fails, "the only one that was tried fails");
	registered(&w, first, true, 500);
	ok(!facts(&w).register_fails, "one address that registers is enough");
	registered(&w, second, true, 400);
	is_int(facts(&w).registered_until_s, 500, "the longest counts");
	registered(&w, second, true, 600);
	is_int(facts(&w).registered_until_s, 600, "wherever that is");
	registered(&w, first, false, 0);
	ok(!facts(&w).register_fails, "the other one registers");
	registered(&w, second, false, -1);
	ok(facts(&w).register_fails, "none does any more");
	is_int(facts(&w).registered_until_s, 600, "which lasts for a while");
	store_free(w.s);
}

static void test_certificates(void)
{
	static const struct engine_target tls = {"OPTIONS", "192.0.2.1:5061", "tls"};
	static const int64_t ends_s[] = {500, 0, 400, 450};
	struct store_target *cells[COUNT(ends_s)];
	struct probe_result r = probe_result_none();
	struct world w;

	begin(&w, &trunk);
	for (size_t i = 0; i < COUNT(ends_s); i++)
		cells[i] = store_target_add(w.s, w.row, &tls);
	is_int(facts(&w).cert_end_s, 0, "none was shown");
	for (size_t i = 0; i < COUNT(ends_s); i++) {
		r.cert_not_after_s = ends_s[i];
		store_probe_done(w.s, cells[i], &r);
	}
	is_int(facts(&w).cert_end_s, 400, "of several the first to end");
	ok(!facts(&w).own_end_s && !facts(&w).own_unfit, "and none of ours");
	store_trunk_certificate(w.s, w.row, "/a.pem", &(struct tls_own){NOW, NOW + 1});
	is_int(facts(&w).own_end_s, NOW + 1, "ours");
	ok(!facts(&w).own_unfit, "which peers accept");
	ok(facts_at(&w, (NOW - 1) * SEC).own_unfit, "from when it is valid");
	store_free(w.s);
}

/* --- what was tried, and lost --- */

static void test_tried(void)
{
	struct problems_facts f;
	struct world w;

	begin(&w, &trunk);
	store_target_add(w.s, w.row, &other);
	store_trunk_addresses(w.s, w.row, 3, 2);
	f = facts(&w);
	ok(!f.tried && f.addresses == 3 && f.addresses_up == 2 && !f.paused, "not yet");
	is_int(f.now_s, NOW, "by the clock of who asks");
	probe(&w, w.cell, 5, 1000);
	ok(facts(&w).tried, "one of its addresses");
	store_free(w.s);

	begin(&w, &trunk);
	store_trunk_dns_failed(w.s, w.row, "no", DNS_HINT_NONE);
	ok(facts(&w).tried, "a name that fails is tried");
	is_int(facts(&w).dns_failed_s, 0, "once is no problem yet");
	store_trunk_dns_failed(w.s, w.row, "no", DNS_HINT_NONE);
	ok(llabs(facts(&w).dns_failed_s - clock_wall_ns() / SEC) < 60, "twice is");
	store_free(w.s);
}

static void test_lost(void)
{
	const struct probe_loss some = {10, 7, 3, 2, 1}, more = {20, 16, 4, 1, 3};
	struct store_target *second;
	struct problems_facts f;
	struct world w;

	begin(&w, &trunk);
	second = store_target_add(w.s, w.row, &other);
	ok(!facts(&w).requests && !facts(&w).lost, "nothing was lost");
	store_probe_settled(w.s, w.cell, &some);
	store_probe_settled(w.s, second, &more);
	f = facts_at(&w, clock_wall_ns());
	ok(f.requests == 30 && f.lost == 7, "%u of %u, of both", f.lost, f.requests);
	ok(f.lost_there == 3 && f.lost_back == 4, "on either way");
	store_free(w.s);
}

/* --- changes of state --- */

static void turn(const struct world *w, enum health_state to, int64_t age_s)
{
	store_trunk_state(w->s, w->row, &(struct engine_change){.to = to},
			  (NOW - age_s) * SEC);
}

static const struct {
	const char *name;
	int64_t ages_s[8];
	size_t count;
	uint32_t flaps;
	int64_t down_until; /* ago; 0: never */
} turns[] = {
	{"one is none", {10}, 1, 0, 0},
	{"two, of which the first was down", {100, 50}, 2, 2, 50},
	{"half an hour ago, and longer", {1801, 1800, 20}, 3, 2, 1800},
	{"as many as matter", {70, 60, 50, 40, 30, 20}, 6, 6, 20},
	{"more", {80, 70, 60, 50, 40, 30, 20, 10}, 8, 6, 10},
	{"the last ones", {80, 70, 60, 50, 40, 30, 20}, 7, 6, 30},
	{"the first of which were long ago",
	 {2000, 1900, 60, 50, 40, 30, 20, 10},
	 8,
	 6,
	 10},
};

/* Down, up, down, …; @dns: its name failed before, which is remembered in one place. */
static void check_turns(bool dns)
{
	for (size_t i = 0; i < COUNT(turns); i++) {
		struct problems_facts f;
		struct world w;

		begin(&w, &trunk);
		if (dns)
			store_trunk_dns_failed(w.s, w.row, "no", DNS_HINT_NONE);
		for (size_t k = 0; k < turns[i].count; k++)
			turn(&w, k % 2 ? HEALTH_UP : HEALTH_DOWN, turns[i].ages_s[k]);
		f = facts(&w);
		is_int(f.flaps, turns[i].flaps, turns[i].name);
		is_int(f.down_until_s,
		       turns[i].down_until ? NOW - turns[i].down_until : 0,
		       "when it was down last");
		is_int(f.since_s, NOW - turns[i].ages_s[turns[i].count - 1],
		       "since when it is as it is");
		is_int(f.state, turns[i].count % 2 ? HEALTH_DOWN : HEALTH_UP, "which is");
		store_free(w.s);
	}
}

static void test_turns(void)
{
	check_turns(false);
	check_turns(true);
}

/* --- calls --- */

static const struct engine_target invite = {"INVITE", "192.0.2.1:5060", "udp"};
static const struct engine_target invite_other = {"INVITE", "192.0.2.2:5060", "udp"};

static void called(const struct world *w, struct store_target *cell,
		   enum call_failure failure, double mos)
{
	struct probe_result r = probe_result_none();
	struct call_media media = {.near = {.in = {.mos = mos}}};

	r.verdict = failure ? PROBE_DOWN : PROBE_UP;
	r.code = 200;
	r.call = call_report_none();
	r.call.made = r.call.answered = r.call.has_media = true;
	r.call.failure = (uint8_t)failure;
	r.call.media = &media;
	store_probe_done(w->s, cell, &r);
}

static void test_calls(void)
{
	struct store_target *one, *two;
	struct world w;

	begin(&w, &caller);
	probe(&w, w.cell, 1, 1000);
	one = store_target_add(w.s, w.row, &invite);
	two = store_target_add(w.s, w.row, &invite_other);
	ok(!facts(&w).calls_failed && !facts(&w).calls_poor, "none was made");
	called(&w, one, CALL_FAILURE_REJECTED, 4);
	called(&w, two, CALL_FAILURE_REJECTED, 4);
	called(&w, two, CALL_FAILURE_REJECTED, 4);
	is_int(facts(&w).calls_failed, 3, "those at all addresses");
	called(&w, one, CALL_FAILURE_NONE, 4);
	is_int(facts(&w).calls_failed, 0, "one that works is enough");
	called(&w, one, CALL_FAILURE_REJECTED, 4);
	called(&w, two, CALL_FAILURE_NONE, 4);
	is_int(facts(&w).calls_failed, 0, "whichever that is");
	for (int i = 0; i < 3; i++)
		called(&w, one, CALL_FAILURE_NONE, 3);
	called(&w, two, CALL_FAILURE_NONE, 3);
	is_int(facts(&w).calls_poor, 3, "those that sounded bad, where most did");
	store_free(w.s);
}

/* Of a trunk that is asked nothing else each failure is one of its calls. */
static void test_alone(void)
{
	struct store_target *one;
	struct world w;

	begin(&w, &caller);
	one = store_target_add(w.s, w.row, &invite);
	called(&w, one, CALL_FAILURE_REJECTED, 4);
	is_int(facts(&w).calls_failed, 0, "it may be the trunk that fails");
	store_target_remove(w.s, w.cell);
	called(&w, one, CALL_FAILURE_REJECTED, 4);
	is_int(facts(&w).calls_failed, 1, "which nobody asks");
	store_free(w.s);
}

static void test_mute(void)
{
	static const struct {
		enum call_failure failure;
		bool mute;
	} cases[] = {
		{CALL_FAILURE_NO_ANSWER, false},   {CALL_FAILURE_NO_MEDIA, true},
		{CALL_FAILURE_ONE_WAY, true},	   {CALL_FAILURE_NONCE, true},
		{CALL_FAILURE_ENDED_EARLY, false},
	};
	struct store_target *one;
	struct world w;

	begin(&w, &caller);
	probe(&w, w.cell, 1, 1000);
	one = store_target_add(w.s, w.row, &invite);
	store_target_add(w.s, w.row, &invite_other);
	for (size_t i = 0; i < COUNT(cases); i++) {
		called(&w, one, cases[i].failure, 4);
		is_int(facts(&w).calls_mute, cases[i].mute,
		       call_failure_name(cases[i].failure));
	}
	store_free(w.s);
}

static void test_not_ended(void)
{
	struct world w;

	begin(&w, &caller);
	store_target_add(w.s, w.row, &invite);
	is_int(facts(&w).call_not_ended_s, 0, "all have ended");
	store_call_not_ended(w.s, "c");
	store_target_add(w.s, w.row, &invite_other);
	ok(llabs(facts(&w).call_not_ended_s - clock_wall_ns() / SEC) < 60,
	   "one has not, whatever addresses come");
	store_free(w.s);
}

int main(void)
{
	test_slow();
	test_registered();
	test_certificates();
	test_tried();
	test_lost();
	test_turns();
	test_calls();
	test_alone();
	test_mute();
	test_not_ended();
	return tap_done();
}

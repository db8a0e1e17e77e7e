/* What is remembered of a trunk's going down: the result, and the success before it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/store/outage.h"
#include "exporter/store/store.h"
#include "tests/unit/tap.h"

#define MS 1000000LL

static const double bounds[] = {0.1, 1};
static const struct config_settings settings = {.timeout_us = 5000000};
static const struct config_trunk conf = {
	.name = "a", .uri = "sip:u@sbc.example:5070", .settings = &settings};
static const struct engine_target first = {"OPTIONS", "192.0.2.1:5060", "udp"};
static const struct engine_target second = {"OPTIONS", "192.0.2.2:5060", "udp"};

struct world {
	struct store *s;
	struct store_trunk *row;
	struct store_target *cells[2];
};

static void begin(struct world *w)
{
	if (store_alloc(&w->s, bounds, 2))
		exit(1);
	w->row = store_trunk_add(w->s, &conf);
	w->cells[0] = store_target_add(w->s, w->row, &first);
	w->cells[1] = store_target_add(w->s, w->row, &second);
}

static struct probe_result result(unsigned code, int64_t latency_ns, int64_t at_s,
				  uint8_t ttl)
{
	struct probe_result r = probe_result_none();

	r.outcome = code ? PROBE_RESPONSE : PROBE_TIMEOUT;
	r.verdict = code && code < 300 ? PROBE_UP : PROBE_DOWN;
	r.code = code;
	r.phase_ns[PROBE_PHASE_ANSWER] = latency_ns;
	r.begun_unix_ns = at_s * 1000 * MS;
	r.reply_ttl = ttl;
	return r;
}

static void turn(struct world *w, enum health_state to, const struct probe_result *last,
		 const struct engine_target *by, bool inbound)
{
	const struct engine_change change = {.from = HEALTH_UP,
					     .to = to,
					     .last = last,
					     .address = by ? by->address : "",
					     .method = by ? by->method : "",
					     .transport = by ? by->transport : NULL,
					     .inbound = inbound};

	store_trunk_state(w->s, w->row, &change, 1000 * MS);
}

static void test_by_a_result(void)
{
	struct probe_result good = result(200, 12 * MS, 100, 61);
	struct probe_result other = result(202, 34 * MS, 101, 0);
	struct probe_result bad = result(0, -1, 160, 0);
	struct world w;
	struct outage o;

	begin(&w);
	ok(!store_outage(w.s, "a", &o), "none yet");
	store_probe_done(w.s, w.cells[0], &good);
	store_probe_done(w.s, w.cells[1], &other);
	store_probe_done(w.s, w.cells[0], &bad);
	turn(&w, HEALTH_DOWN, &bad, &first, false);
	ok(store_outage(w.s, "a", &o), "down");
	is_int(o.result.outcome, PROBE_TIMEOUT, "by that result");
	is_str(o.address, "192.0.2.1:5060", "of that address");
	is_str(o.transport, "udp", "by that transport");
	is_str(o.method, "OPTIONS", "and that check");
	is_int(o.timeout_us, 5000000, "with that much time");
	is_int(o.success_code, 200, "its last success had that code");
	is_int(o.success_latency_us, 12000, "took so long");
	is_int(o.success_reply_hops, 3, "and came so far");
	is_int(o.success_unix_ns, 100000 * MS, "at that time");
	ok(!store_outage(w.s, "b", &o), "not of another trunk");
	turn(&w, HEALTH_DOWN, &bad, &second, false);
	ok(store_outage(w.s, "a", &o) && o.success_code == 202, "the other address");
	is_int(o.success_reply_hops, -1, "whose way back is not known");
	turn(&w, HEALTH_UP, &good, &first, false);
	ok(!store_outage(w.s, "a", &o), "over when it is up");
	store_free(w.s);
}

static void test_without(void)
{
	struct probe_result bad = result(503, 5 * MS, 160, 0);
	struct world w;
	struct outage o;

	begin(&w);
	store_probe_done(w.s, w.cells[0], &bad);
	turn(&w, HEALTH_DOWN, &bad, &first, false);
	ok(store_outage(w.s, "a", &o), "down from the start on");
	is_int(o.success_unix_ns, 0, "without a success");
	is_int(o.success_code, 0, "a failure's code is none");
	is_int(o.success_reply_hops, -1, "nor its way");
	turn(&w, HEALTH_DOWN, NULL, NULL, true);
	ok(!store_outage(w.s, "a", &o),
	   "who does not ping us any more is told otherwise");
	store_free(w.s);
}

/* One that was answered at once, or of which nobody knows how long it took. */
static void test_no_latency(void)
{
	struct probe_result good = result(200, -1, 100, 0);
	struct probe_result bad = result(0, -1, 160, 0);
	struct world w;
	struct outage o;

	begin(&w);
	store_probe_done(w.s, w.cells[0], &good);
	turn(&w, HEALTH_DOWN, &bad, &first, false);
	ok(store_outage(w.s, "a", &o) && o.success_code == 200, "down");
	is_int(o.success_latency_us, 0, "after a success without a latency");
	store_free(w.s);
}

/* What is kept of it is words and numbers, cut to fit; of a call no sound. */
static void test_kept(void)
{
	static const struct call_media media;
	static const struct engine_target longest = {
		"ABCDEFGHIJKLMNO",
		"[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff%interface1234567]:65535",
		"0123456"};
	static const struct engine_target longer = {
		"ABCDEFGHIJKLMNOP",
		"[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff%interface1234567]:655350",
		"01234567"};
	struct probe_result bad = result(0, -1, 160, 0);
	struct world w;
	struct outage o;

	begin(&w);
	bad.call.media = &media;
	bad.call.has_media = bad.call.has_far = true;
	turn(&w, HEALTH_DOWN, &bad, &longest, false);
	ok(store_outage(w.s, "a", &o) && !o.result.call.media &&
		   !o.result.call.has_media && !o.result.call.has_far,
	   "no sound");
	is_str(o.address, longest.address, "an address");
	is_str(o.method, longest.method, "a method");
	is_str(o.transport, longest.transport, "a transport");
	turn(&w, HEALTH_DOWN, &bad, &longer, false);
	ok(store_outage(w.s, "a", &o) && strlen(o.address) == sizeof(o.address) - 1 &&
		   strlen(o.method) == sizeof(o.method) - 1 &&
		   strlen(o.transport) == sizeof(o.transport) - 1,
	   "cut where it is too long");
	store_free(w.s);
}

/* A name stands for the address where it fits whole. */
static void test_long_names(void)
{
	for (size_t more = 0; more < 2; more++) {
		char uri[128], name[100] = "";
		const struct config_trunk named = {
			.name = "n", .uri = uri, .settings = &settings};
		const struct engine_change change = {
			.to = HEALTH_DOWN, .address = "", .method = ""};
		struct outage o = {.timeout_us = 0};
		struct store *s = NULL;

		memset(name, 'x', sizeof(o.address) - 1 + more);
		name[20] = name[40] = '.';
		snprintf(uri, sizeof(uri), "sip:%s", name);
		if (store_alloc(&s, bounds, 2))
			exit(1);
		store_trunk_state(s, store_trunk_add(s, &named), &change, 1000 * MS);
		ok(store_outage(s, "n", &o), "down by its name");
		is_str(o.address, more ? "" : name, "which fits, or is left out");
		store_free(s);
	}
}

static void test_by_a_name(void)
{
	struct world w;
	struct outage o;

	begin(&w);
	store_trunk_dns_failed(w.s, w.row, "no such name", DNS_HINT_PORT);
	turn(&w, HEALTH_DOWN, NULL, NULL, false);
	ok(store_outage(w.s, "a", &o) && o.result.dns_hint == DNS_HINT_PORT, "a hint");
	is_str(o.result.detail, "no such name", "and why");
	ok(llabs(o.result.begun_unix_ns - clock_wall_ns()) < 60000 * MS, "just now");
	ok(o.result.registered_until_s == -1 && o.success_reply_hops == -1,
	   "nothing else is known");
	ok(store_outage(w.s, "a", &o), "down by its name");
	is_int(o.result.outcome, PROBE_DNS, "which is no result");
	is_int(o.result.verdict, PROBE_DOWN, "but a verdict");
	is_str(o.address, "sbc.example", "the name stands for the address");
	store_free(w.s);
}

int main(void)
{
	test_by_a_result();
	test_without();
	test_no_latency();
	test_kept();
	test_long_names();
	test_by_a_name();
	return tap_done();
}

/* One trunk and everything about it, as people see it: a copy that stays as it is. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/labels.h"
#include "exporter/store/status.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const double bounds[] = {1};
static const struct config_settings settings = {.methods = 1, .mark_copies = true};
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:sbc.example", .settings = &settings};
static const struct config_trunk other = {
	.name = "b", .uri = "sip:192.0.2.2", .settings = &settings};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};
static const struct engine_target tls = {"OPTIONS", "192.0.2.1:5061", "tls"};

struct world {
	struct store *s;
	struct store_trunk *row;
	struct store_target *udp, *tls;
};

static void begin(struct world *w)
{
	if (store_alloc(&w->s, bounds, 1))
		exit(1);
	store_remember(w->s, 3, 1 << 20);
	w->row = store_trunk_add(w->s, &trunk);
	w->udp = store_target_add(w->s, w->row, &udp);
	w->tls = store_target_add(w->s, w->row, &tls);
}

static struct status_trunk *take(struct store *s, const char *name)
{
	struct status_trunk *t = NULL;

	if (status_trunk_take(&t, s, name))
		exit(1);
	return t;
}

static void is_slice(struct slice got, const char *want, const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)got.l, got.p ? got.p : "");
	is_str(text, want, name);
}

static struct probe_result result(bool up, int64_t at_s, const char *words)
{
	struct probe_result r = probe_result_none();

	r.outcome = up ? PROBE_RESPONSE : PROBE_TIMEOUT;
	r.verdict = up ? PROBE_UP : PROBE_DOWN;
	r.code = up ? 200 : 0;
	r.begun_unix_ns = at_s * CLOCK_NS_PER_S;
	r.phase_ns[PROBE_PHASE_ANSWER] = up ? 1000 * at_s : -1;
	snprintf(r.phrase, sizeof(r.phrase), "%.20s", words);
	return r;
}

static void probe(const struct world *w, struct store_target *cell, bool up, int64_t at_s,
		  const char *words)
{
	const struct ladder l = {.count = 1, .entries = {{.text = "x", .len = 1}}};
	const struct probe_result r = result(up, at_s, words);

	store_probe_done(w->s, cell, &r);
	if (store_ladder_wanted(w->s, cell, &r))
		store_ladder(w->s, cell, &r, &l);
}

/* --- texts --- */

static void test_bare(void)
{
	struct buffer set = {0};
	struct status_trunk *t;
	struct world w;

	begin(&w);
	t = take(w.s, "a");
	is_slice(t->labels, "trunk=\"a\"", "its labels");
	is_slice(t->info, "uri=\"sip:sbc.example\",transport=\"\",profile=\"\"",
		 "its URI");
	ok(!t->own_file.l && !t->dns_said.l && !t->dns_note.l && !t->traced && !t->down,
	   "nothing happened yet");
	ok(t->target_count == 2 && t->stats.state == HEALTH_UNKNOWN && t->memory_mib == 1,
	   "two targets, not tried");
	is_slice(labels_find(t->targets[0].labels, "transport"), "udp", "one");
	is_slice(labels_find(t->targets[1].labels, "transport"), "tls", "and the other");
	for (int i = 0; i < 2; i++) {
		const struct status_target *one = &t->targets[i];

		ok(!one->said.l && !one->seen_as.l && !one->chain && !one->probe_count &&
			   !one->success && !one->failures[0] && !one->sized &&
			   !one->train.trains && !one->last_unix_ns && !one->ways.there &&
			   !one->changes[PEER_ALLOW] && !one->change_counts[PEER_ALLOW],
		   "which nothing is known of");
		ok(!one->lacks_probes && !one->lacks_failures, "and nothing is lacking");
	}
	ok(t->targets[0].marked && !t->targets[1].marked, "numbered copies are of UDP");
	status_settings(&set, &settings);
	ok(t->settings.len == set.len && !memcmp(t->settings.data, set.data, set.len),
	   "settings in force");
	buffer_clear(&set);
	status_trunk_free(t);
	store_free(w.s);
}

static void fill(struct world *w)
{
	const struct chain_link link = {"CN=a", "CN=b", "", "1", "k", "f", 1, 2};
	struct chain *chain = NULL;

	if (chain_alloc(&chain, &link, 1))
		exit(1);
	store_trunk_dns_failed(w->s, w->row, "no such name", DNS_HINT_PORT);
	store_trunk_resolved(w->s, w->row, "SRV: SERVFAIL");
	store_trunk_certificate(w->s, w->row, "/me.pem",
				&(struct tls_own){.not_after_s = 9});
	store_seen_as(w->s, w->udp, &(struct mirror_view){"203.0.113.7:5060", true});
	probe(w, w->udp, true, 8, "Fine");
	probe(w, w->tls, false, 9, "Gone");
	store_chain(w->s, w->tls, chain);
	store_probe_settled(w->s, w->udp, &(struct probe_loss){5, 2, 3, 2, 1});
	store_survey_size(w->s, w->udp, &(struct survey_size_report){.bytes = 1400});
	store_survey_train(w->s, w->tls, &(struct survey_train_report){.answers = 6});
	store_trunk_state(w->s, w->row, &(struct engine_change){.to = HEALTH_DOWN}, 7000);
	chain_unref(chain);
}

/* Everything at once: each text stands where it belongs, in room that was made for all.
 */
static void test_full(void)
{
	struct status_trunk *t;
	struct world w;

	begin(&w);
	fill(&w);
	t = take(w.s, "a");
	store_trunk_remove(w.s, w.row);
	is_slice(t->dns_said, "no such name", "why its name failed");
	is_int(t->dns_hint, DNS_HINT_PORT, "what is likely wrong with it");
	is_slice(t->dns_note, "SRV: SERVFAIL", "and what is wrong since");
	is_slice(t->own_file, "file=\"me.pem\"", "our certificate");
	is_int(t->own.not_after_s, 9, "its end");
	is_slice(t->targets[0].said, "Fine", "what one said");
	is_slice(t->targets[1].said, "Gone", "and the other");
	is_slice(t->targets[0].seen_as, "203.0.113.7:5060", "as whom it sees us");
	ok(!t->targets[0].chain && t->targets[1].chain, "the chain over TLS");
	ok(t->targets[0].ways.there == 2 && t->targets[0].ways.back == 1, "ways of loss");
	ok(t->targets[0].sized && t->targets[0].size.bytes == 1400 &&
		   !t->targets[1].sized,
	   "a survey of sizes");
	ok(t->targets[1].train.trains == 1 && t->targets[1].train.answers == 6 &&
		   !t->targets[0].train.trains,
	   "a train");
	ok(t->targets[0].stats.success == 1 && t->targets[1].stats.success == 0, "stats");
	ok(t->targets[0].last.latency_us == 8 &&
		   t->targets[0].last_unix_ns == 8 * CLOCK_NS_PER_S,
	   "its last probe");
	ok(t->down && t->outage.result.outcome == PROBE_DNS && t->since_unix_ns == 7000,
	   "how and when it went down");
	ok(t->facts.state == HEALTH_DOWN && t->facts.own_end_s == 9, "what is wrong");
	ok(t->stats.state == HEALTH_DOWN && t->stats.dns_failures == 1, "its numbers");
	status_trunk_free(t);
	store_free(w.s);
}

/* --- probes and ladders --- */

static void test_probes(void)
{
	const struct status_target *one;
	struct status_trunk *t;
	struct world w;

	begin(&w);
	for (int i = 1; i <= 5; i++)
		probe(&w, w.udp, i == 1, 100 + i, "");
	t = take(w.s, "a");
	one = &t->targets[0];
	is_int(one->probe_count, 3, "the last probes");
	ok(one->success && one->success->result.begun_unix_ns == 101 * CLOCK_NS_PER_S,
	   "how it should be");
	for (int i = 0; i < HISTORY_FAILURES; i++)
		ok(one->failures[i] && one->failures[i]->result.begun_unix_ns ==
					       (105 - i) * CLOCK_NS_PER_S,
		   "the newest failure first");
	probe(&w, w.udp, true, 106, "");
	status_trunk_free(t);
	t = take(w.s, "a");
	one = &t->targets[0];
	ok(one->probes[0].latency_us == HISTORY_NO_LATENCY &&
		   one->probes[1].latency_us == HISTORY_NO_LATENCY &&
		   one->probes[2].latency_us == 106,
	   "the oldest probe first");
	status_trunk_free(t);
	store_free(w.s);
}

enum { LADDERS = HISTORY_FAILURES + 1 };

/* What a copy refers to is held by it, and let go with it. */
static void test_references(void)
{
	const struct peer_change change = {.before = "a", .now = "b"};
	struct history_ladder *ladders[LADDERS];
	struct peer_change *changes[PEER_TRAITS];
	const struct status_target *one;
	struct traced *traced;
	struct status_trunk *t;
	struct world w;
	unsigned held = 0, left = 0;

	begin(&w);
	for (int i = 1; i <= 4; i++)
		probe(&w, w.udp, i == 1, 100 + i, "");
	for (int i = 0; i < PEER_TRAITS; i++) {
		struct peer_change other_trait = change;

		other_trait.trait = (enum peer_trait)i;
		store_peer_changed(w.s, w.udp, &other_trait);
	}
	store_traced(w.s, "a", &(struct trace_report){.count = 1}, true);
	t = take(w.s, "a");
	one = &t->targets[0];
	for (int i = 0; i < LADDERS; i++) {
		ladders[i] = history_ladder_ref(i < HISTORY_FAILURES ? one->failures[i]
								     : one->success);
		held += atomic_load(&ladders[i]->refs);
	}
	for (int i = 0; i < PEER_TRAITS; i++) {
		changes[i] = peer_change_ref(one->changes[i]);
		held += atomic_load(&changes[i]->refs);
	}
	is_int(held, 3 * (LADDERS + PEER_TRAITS), "held here, by the copy, by the store");
	traced = traced_ref(t->traced);
	is_int(atomic_load(&traced->refs), 3, "as is the trace");
	status_trunk_free(t);
	for (int i = 0; i < LADDERS; i++)
		left += atomic_load(&ladders[i]->refs);
	for (int i = 0; i < PEER_TRAITS; i++)
		left += atomic_load(&changes[i]->refs);
	is_int(left, 2 * (LADDERS + PEER_TRAITS), "let go with the copy");
	is_int(atomic_load(&traced->refs), 2, "each of them");
	store_free(w.s);
	left = 0;
	for (int i = 0; i < LADDERS; i++) {
		left += atomic_load(&ladders[i]->refs);
		history_ladder_unref(ladders[i]);
	}
	for (int i = 0; i < PEER_TRAITS; i++) {
		left += atomic_load(&changes[i]->refs);
		peer_change_unref(changes[i]);
	}
	is_int(left, LADDERS + PEER_TRAITS, "and with the store");
	is_int(atomic_load(&traced->refs), 1, "all of it");
	traced_unref(traced);
}

/* Who looks has each success kept for a while, where else one is enough. */
static void test_watched(void)
{
	const int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	struct probe_result soon = result(true, now_s + 10, "");
	struct probe_result later = result(true, now_s + 55, "");
	struct world w;

	begin(&w);
	probe(&w, w.udp, true, now_s, "");
	ok(!store_ladder_wanted(w.s, w.udp, &soon), "one is enough");
	status_trunk_free(take(w.s, "a"));
	ok(store_ladder_wanted(w.s, w.udp, &soon), "but for who looks");
	ok(!store_ladder_wanted(w.s, w.udp, &later), "and not for long");
	store_free(w.s);
}

/* The state is as old as it was when the wall clock is set. */
static void test_clock(void)
{
	const int64_t at_ns = 1700000000 * CLOCK_NS_PER_S;
	struct status_trunk *t;
	struct world w;

	begin(&w);
	store_trunk_state(w.s, w.row, &(struct engine_change){.to = HEALTH_UP}, at_ns);
	w.s->wall_offset_ns -= 3600 * CLOCK_NS_PER_S; /* as if by an hour, since */
	t = take(w.s, "a");
	ok(llabs(t->since_unix_ns - at_ns) < CLOCK_NS_PER_MS, "a clock that was set");
	status_trunk_free(t);
	store_free(w.s);
}

/* In a budget that has room for one target's probes. */
static void test_lacks(void)
{
	struct status_trunk *t;
	struct world w;

	if (store_alloc(&w.s, bounds, 1))
		exit(1);
	store_remember(w.s, 3, 2 * (sizeof(struct history_track) + 3 * 8));
	w.row = store_trunk_add(w.s, &trunk);
	w.udp = store_target_add(w.s, w.row, &udp);
	store_target_add(w.s, w.row, &tls);
	t = take(w.s, "a");
	ok(!t->targets[0].lacks_probes && !t->targets[0].lacks_failures, "the first");
	ok(t->targets[1].lacks_probes && t->targets[1].lacks_failures, "not the second");
	is_int(t->memory_mib, 0, "of less than a MiB");
	status_trunk_free(t);
	store_target_remove(w.s, w.udp);
	w.udp = store_target_add(w.s, w.row, &udp);
	t = take(w.s, "a");
	ok(!t->targets[1].lacks_probes, "what one had that is gone is for others");
	status_trunk_free(t);
	store_trunk_remove(w.s, w.row);
	w.row = store_trunk_add(w.s, &trunk);
	store_target_add(w.s, w.row, &tls);
	t = take(w.s, "a");
	ok(!t->targets[0].lacks_probes, "as when the trunk goes");
	status_trunk_free(t);
	store_free(w.s);
}

/* --- by name --- */

static void test_found(void)
{
	struct status_trunk *t = NULL;
	struct world w;

	begin(&w);
	store_trunk_add(w.s, &other);
	is_int(status_trunk_take(&t, w.s, "c"), ENOENT, "nobody is called so");
	ok(!t, "and nothing is handed out");
	t = take(w.s, "b");
	ok(!t->target_count && t->stats.state == HEALTH_UNKNOWN, "one without a target");
	is_slice(t->labels, "trunk=\"b\"", "is the one that was asked for");
	status_trunk_free(t);
	status_trunk_free(NULL);
	store_free(w.s);
}

/* --- registration --- */

static const struct config_auth alice = {.username = "alice"};
static const struct config_register queried = {.aor = NULL};
static const struct config_register bound = {.bind = true};
static const struct config_register named = {.aor = "sip:named@example"};

enum { PING = 1 << CONFIG_METHOD_OPTIONS, REG = 1 << CONFIG_METHOD_REGISTER };

static const struct {
	const char *name;
	const char *uri;
	struct config_settings settings;
	const char *aor;
	bool binds;
} aors[] = {
	{"one that checks otherwise",
	 "sip:a.example",
	 {.methods = PING, .registration = &bound, .from = "sip:f@example"},
	 "",
	 false},
	{"as it is set",
	 "sip:a.example",
	 {.methods = PING | REG, .registration = &named, .from = "sip:f@example"},
	 "sip:named@example",
	 false},
	{"as From is",
	 "sip:a.example",
	 {.methods = REG, .registration = &bound, .from = "sip:f@example"},
	 "sip:f@example",
	 true},
	{"without a word of how",
	 "sip:a.example",
	 {.methods = REG},
	 "sip:ping@a.example",
	 false},
	{"the user's name and the host",
	 "sips:a.example:5061;transport=tls",
	 {.methods = REG, .auth = &alice, .registration = &queried},
	 "sips:alice@a.example",
	 false},
	{"an address of IPv6",
	 "sip:[2001:db8::1]:5070",
	 {.methods = REG, .auth = &alice},
	 "sip:alice@[2001:db8::1]",
	 false},
	{"what is no URI", "tel:1", {.methods = REG}, "", false},
};

static void test_aors(void)
{
	for (size_t i = 0; i < COUNT(aors); i++) {
		const struct config_trunk conf = {
			.name = "r", .uri = aors[i].uri, .settings = &aors[i].settings};
		struct store *s = NULL;
		struct status_trunk *t;

		if (store_alloc(&s, bounds, 1))
			exit(1);
		store_trunk_add(s, &conf);
		t = take(s, "r");
		is_slice((struct slice){t->aor.data, t->aor.len}, aors[i].aor,
			 aors[i].name);
		is_int(t->binds, aors[i].binds, "whether it registers");
		status_trunk_free(t);
		store_free(s);
	}
}

static const struct {
	const char *name;
	int64_t until_s[3];
	int longest; /* -1: none */
} registrations[] = {
	{"none", {0, 0, 0}, -1},	  {"the only one", {0, 1, 0}, 1},
	{"the longest", {5, 6, 7}, 2},	  {"wherever it is", {7, 6, 5}, 0},
	{"of two as long", {6, 5, 6}, 0},
};

static void test_registered(void)
{
	for (size_t i = 0; i < COUNT(registrations); i++) {
		struct status_target targets[3] = {{.probe_count = 0}};
		const struct status_trunk t = {.targets = targets, .target_count = 3};
		const struct status_target *want =
			registrations[i].longest < 0 ? NULL
						     : &targets[registrations[i].longest];

		for (int k = 0; k < 3; k++)
			targets[k].registered_until_s = registrations[i].until_s[k];
		ok(status_registered(&t) == want, "%s", registrations[i].name);
	}
}

int main(void)
{
	test_bare();
	test_full();
	test_probes();
	test_references();
	test_watched();
	test_clock();
	test_lacks();
	test_found();
	test_aors();
	test_registered();
	return tap_done();
}

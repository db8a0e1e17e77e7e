/* What single probes leave: counters, the way back, loss, and what a peer sees of us. */
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/status.h"
#include "exporter/store/store.h"
#include "tests/unit/exporter/store/endings.h"
#include "tests/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const double bounds[] = {1};
static const struct config_settings settings = {.mark_copies = true,
						.interval_us = 30000000};
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:192.0.2.1", .settings = &settings};
static const struct config_trunk bare = {.name = "b", .uri = "sip:192.0.2.1"};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};

struct world {
	struct store *s;
	struct store_target *cell;
	struct snapshot *seen; /* of the last look, or NULL */
	uint64_t sequence;     /* then */
};

static void begin_with(struct world *w, const struct config_trunk *conf,
		       const struct engine_target *target)
{
	*w = (struct world){NULL};
	if (store_alloc(&w->s, bounds, 1))
		exit(1);
	w->cell = store_target_add(w->s, store_trunk_add(w->s, conf), target);
}

static void begin(struct world *w)
{
	begin_with(w, &trunk, &udp);
}

static void end(struct world *w)
{
	snapshot_free(w->seen);
	store_free(w->s);
}

static const struct snapshot_target *look(struct world *w)
{
	snapshot_free(w->seen);
	if (snapshot_take(&w->seen, w->s, 0))
		exit(1);
	return w->seen->targets;
}

static int64_t phase_ns(struct world *w, enum probe_phase phase)
{
	return stats_phase_ns(look(w)->stats.phases[phase]);
}

/* Whether the trunk changed since it was asked the last time. */
static bool is_news(struct world *w)
{
	struct status_list *l = NULL;
	bool any;

	if (status_list_take(&l, w->s, &(struct status_query){.since = w->sequence}))
		exit(1);
	any = l->count;
	w->sequence = l->sequence;
	status_list_free(l);
	return any;
}

static struct status_row row_of(struct world *w)
{
	struct status_list *l = NULL;
	struct status_row row;

	if (status_list_take(&l, w->s, &(struct status_query){0}))
		exit(1);
	row = l->rows[0];
	status_list_free(l);
	return row;
}

/* --- counters --- */

static void test_new(void)
{
	const struct snapshot_target *t;
	struct world w;

	begin(&w);
	t = look(&w);
	ok(t->stats.success == -1 && t->stats.reply_hops == -1 &&
		   t->stats.retry_after_s == -1 && !t->stats.probes && !t->code_count &&
		   !t->failure_count,
	   "nothing is known of a new one");
	for (int i = 0; i < PROBE_PHASES; i++)
		is_int(stats_phase_ns(t->stats.phases[i]), -1,
		       "nor how long a phase takes");
	ok(!t->call && !t->tls && t->ways && !t->ways->there, "but by its kind");
	end(&w);
}

/* What kinds of target have besides. */
static void test_kinds(void)
{
	static const struct config_settings unmarked;
	static const struct config_trunk plain = {
		.name = "p", .uri = "sip:192.0.2.1", .settings = &unmarked};
	static const struct {
		struct engine_target target;
		const struct config_trunk *conf;
		bool udp, websocket, tls, calls, ways;
	} cases[] = {
		{{"OPTIONS", "a", "udp"}, &trunk, true, false, false, false, true},
		{{"OPTIONS", "a", "udp"}, &plain, true, false, false, false, false},
		{{"OPTIONS", "a", "udp"}, &bare, true, false, false, false, false},
		{{"INVITE", "a", "udp"}, &trunk, true, false, false, true, false},
		{{"OPTIONS", "a", "tcp"}, &trunk, false, false, false, false, false},
		{{"OPTIONS", "a", "tls"}, &trunk, false, false, true, false, false},
		{{"INVITE", "a", "tls"}, &plain, false, false, true, true, false},
		{{"OPTIONS", "a", "ws"}, &trunk, false, true, false, false, false},
		{{"OPTIONS", "a", "wss"}, &trunk, false, true, true, false, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct snapshot_target *t;
		struct world w;

		begin_with(&w, cases[i].conf, &cases[i].target);
		t = look(&w);
		ok(t->stats.udp == cases[i].udp &&
			   t->stats.websocket == cases[i].websocket &&
			   !t->tls == !cases[i].tls && !t->call == !cases[i].calls &&
			   !t->ways == !cases[i].ways,
		   "%s over %s", cases[i].target.method, cases[i].target.transport);
		end(&w);
	}
}

static void test_begun(void)
{
	struct world w;

	begin(&w);
	for (int i = 0; i < 3; i++)
		store_probe_begin(w.s, w.cell, 0);
	store_probe_late(w.s, w.cell);
	store_probe_late(w.s, w.cell);
	is_int(look(&w)->stats.probes, 3, "probes");
	is_int(look(&w)->stats.late, 2, "answers after their end");
	store_probe_misdirected(w.s, w.cell, PROBE_MISDIRECTED_NONE);
	store_probe_misdirected(w.s, w.cell, PROBE_MISDIRECTEDS);
	store_probe_misdirected(w.s, w.cell, PROBE_MISDIRECTED_PORT);
	for (int i = 0; i < 2; i++)
		store_probe_misdirected(w.s, w.cell, PROBE_MISDIRECTED_ADDRESS);
	store_probe_misdirected(w.s, NULL, PROBE_MISDIRECTED_PORT);
	is_int(look(&w)->stats.misdirected[PROBE_MISDIRECTED_PORT - 1], 1,
	       "from another port");
	is_int(look(&w)->stats.misdirected[PROBE_MISDIRECTED_ADDRESS - 1], 2,
	       "from another address");
	end(&w);
}

/* Codes of RFC 3261 count, and no others. */
static void test_codes(void)
{
	static const unsigned codes[] = {99, 700, 699, 100, 200, 100};
	const struct snapshot_target *t;
	struct world w;

	begin(&w);
	for (size_t i = 0; i < COUNT(codes); i++) {
		struct probe_result r = probe_result_none();

		r.code = codes[i];
		store_probe_done(w.s, w.cell, &r);
	}
	t = look(&w);
	ok(t->code_count == 3 && t->codes[0].how == 100 && t->codes[1].how == 200 &&
		   t->codes[2].how == 699,
	   "from the first to the last, rising");
	ok(t->codes[0].count == 2 && t->codes[1].count == 1 && t->codes[2].count == 1,
	   "each as often as it came");
	end(&w);
}

static void test_certificates(void)
{
	static const struct engine_target tls = {"OPTIONS", "192.0.2.1:5061", "tls"};
	struct probe_result r = probe_result_none();
	struct world w;

	begin_with(&w, &trunk, &tls);
	r.cert_not_after_s = 50;
	r.verified_not_after_s = 1;
	store_probe_done(w.s, w.cell, &r);
	r.cert_not_after_s = 1;
	r.verified_not_after_s = 0;
	store_probe_done(w.s, w.cell, &r);
	ok(look(&w)->tls->cert_not_after_s == 1 &&
		   look(&w)->tls->verified_not_after_s == 1,
	   "the last ends that were seen");
	end(&w);
}

/* Of the last probe alone, where it had any. */
static void test_last(void)
{
	struct probe_result r = probe_result_none();
	struct world w;

	begin(&w);
	r.code = 200;
	r.retry_after_s = 3;
	r.phase_ns[PROBE_PHASE_RESOLVE] = 4;
	store_probe_done(w.s, w.cell, &r);
	is_int(look(&w)->stats.retry_after_s, 3, "how long it wants to be left alone");
	is_int(phase_ns(&w, PROBE_PHASE_RESOLVE), 4, "how long a name took");
	r = probe_result_none();
	store_probe_done(w.s, w.cell, &r);
	is_int(look(&w)->stats.retry_after_s, -1, "no more");
	is_int(phase_ns(&w, PROBE_PHASE_RESOLVE), -1, "nor was it resolved");
	end(&w);
}

/* To the nanosecond for two seconds, then to the microsecond. */
static void test_phases(void)
{
	static const struct {
		int64_t took_ns, told_ns;
	} cases[] = {
		{-1, -1},
		{0, 0},
		{1, 1},
		{1234567891, 1234567891},
		{2147483647, 2147483647},
		{2147483648, 2147483000},
		{2999999999, 2999999000},
		{32000000999, 32000000000},
		{2147483646000, 2147483646000},
		{2147483647000, 2147483646000},
		{INT64_MAX, 2147483646000},
	};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct probe_result r = probe_result_none();

		r.phase_ns[PROBE_PHASE_TLS] = cases[i].took_ns;
		store_probe_done(w.s, w.cell, &r);
		is_int(phase_ns(&w, PROBE_PHASE_TLS), cases[i].told_ns, "a phase");
		is_int(phase_ns(&w, PROBE_PHASE_ANSWER), -1, "and no other");
	}
	end(&w);
}

/* Only who registers keeps until when. */
static void test_registered(void)
{
	static const struct engine_target cases[] = {{"REGISTER", "a", "udp"},
						     {"REGISTER", "a", "tls"},
						     {"OPTIONS", "a", "udp"}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct probe_result r = probe_result_none();
		int64_t kept_s = i < 2 ? 77 : 0;
		struct world w;

		begin_with(&w, &bare, &cases[i]);
		r.registered_until_s = 77;
		store_probe_done(w.s, w.cell, &r);
		r.registered_until_s = -1;
		store_probe_done(w.s, w.cell, &r);
		ok(look(&w)->registered_until_s == kept_s, "of %s over %s",
		   cases[i].method, cases[i].transport);
		r.registered_until_s = 0;
		store_probe_done(w.s, w.cell, &r);
		is_int(look(&w)->registered_until_s, 0, "none any more");
		end(&w);
	}
}

static void test_causes(void)
{
	static const struct {
		enum probe_outcome outcome;
		uint8_t cause;
	} told[] = {
		{PROBE_TLS, TLS_FAILURE_NAME},	   {PROBE_TLS, TLS_FAILURE_NAME},
		{PROBE_TIMEOUT, TLS_FAILURE_NAME}, {PROBE_TLS, TLS_FAILURES},
		{PROBE_TLS, TLS_FAILURE_EXPIRED},
	};
	static const struct engine_target tls = {"OPTIONS", "192.0.2.1:5061", "tls"};
	struct world w;

	begin_with(&w, &trunk, &tls);
	for (size_t i = 0; i < COUNT(told); i++) {
		struct probe_result r = probe_result_none();

		r.outcome = told[i].outcome;
		r.verdict = PROBE_DOWN;
		r.tls_cause = told[i].cause;
		store_probe_done(w.s, w.cell, &r);
	}
	is_int(look(&w)->tls->failures[TLS_FAILURE_NAME], 2, "each cause by itself");
	is_int(look(&w)->tls->failures[TLS_FAILURE_EXPIRED], 1, "if it is one of TLS");
	is_int(failures_of(look(&w), PROBE_TLS), 4, "of so many that failed");
	end(&w);
}

/* --- the way back --- */

static void answered_at(struct world *w, uint8_t ttl)
{
	struct probe_result r = probe_result_none();

	r.code = 200;
	r.reply_ttl = ttl;
	store_probe_done(w->s, w->cell, &r);
}

static void test_way_back(void)
{
	static const struct {
		uint8_t ttl; /* 0: unknown */
		int16_t hops;
		uint32_t changes;
	} cases[] = {{0, -1, 0}, {64, 0, 0},  {64, 0, 0}, {62, 2, 1},
		     {0, 2, 1},	 {126, 2, 1}, {64, 0, 2}};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		answered_at(&w, cases[i].ttl);
		ok(look(&w)->stats.reply_hops == cases[i].hops &&
			   look(&w)->stats.reply_hops_changes == cases[i].changes,
		   "TTL %u: %d hops, changed %u times", cases[i].ttl, cases[i].hops,
		   cases[i].changes);
	}
	end(&w);
}

/* --- loss --- */

/* What went before the first loss is reckoned by the interval, half an hour at most. */
static void test_first_loss(void)
{
	static const struct {
		const char *name;
		int64_t interval_us;
		uint32_t before, requests; /* shown after one more, which is lost */
	} cases[] = {
		{"few", 30000000, 10, 11},
		{"as many as half an hour has", 30000000, 60, 61},
		{"more", 30000000, 600, 61},
		{"at another interval", 60000000, 600, 31},
		{"at none", 0, 600, 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct config_settings set = {.interval_us = cases[i].interval_us};
		const struct config_trunk conf = {
			.name = "a", .uri = "sip:192.0.2.1", .settings = &set};
		struct world w;

		begin_with(&w, &conf, &udp);
		store_probe_settled(w.s, w.cell,
				    &(struct probe_loss){.requests = cases[i].before,
							 .answers = cases[i].before});
		is_int(row_of(&w).requests, 0, "nothing is reckoned before");
		store_probe_settled(w.s, w.cell,
				    &(struct probe_loss){.requests = 1, .lost = 1});
		is_int(row_of(&w).requests, cases[i].requests, cases[i].name);
		is_int(row_of(&w).lost, 1, "and one was lost");
		store_probe_settled(w.s, w.cell,
				    &(struct probe_loss){.requests = 2, .answers = 2});
		is_int(row_of(&w).requests, cases[i].requests + 2, "then each counts");
		end(&w);
	}
}

static void test_ways(void)
{
	const struct probe_loss one = {9, 4, 5, 3, 2};
	struct world w;

	begin(&w);
	store_probe_settled(w.s, w.cell, &one);
	store_probe_settled(w.s, w.cell, &one);
	ok(look(&w)->ways->there == 6 && look(&w)->ways->back == 4, "each way adds up");
	ok(look(&w)->stats.loss.requests == 18 && look(&w)->stats.loss.lost == 10,
	   "as all do");
	end(&w);
}

/* --- what it sees of us --- */

static const struct {
	struct mirror_view view;
	uint32_t changes;
} views[] = {
	{{"192.0.2.9:5060", false}, 0},
	{{"192.0.2.9:5060", true}, 0},
	{{"203.0.113.7:40112", true}, 1},
	{{"192.0.2.9:5060", false}, 2},
};

static void test_seen_as(void)
{
	int64_t first_ns = 0;
	struct world w;

	begin(&w);
	is_int(look(&w)->stats.seen_as_unix_ns, 0, "it said nothing yet");
	(void)is_news(&w);
	for (size_t i = 0; i < COUNT(views); i++) {
		struct status_trunk *t = NULL;
		const struct stats_target *stats;

		store_seen_as(w.s, w.cell, &views[i].view);
		stats = &look(&w)->stats;
		ok(stats->seen_as_changes == views[i].changes &&
			   stats->nat == views[i].view.nat,
		   "%s, changed %u times", views[i].view.address, views[i].changes);
		if (i == 1)
			is_int(stats->seen_as_unix_ns, first_ns, "since it was first so");
		first_ns = stats->seen_as_unix_ns;
		ok(llabs(first_ns - clock_wall_ns()) < 60 * CLOCK_NS_PER_S, "since when");
		ok(is_news(&w), "which is news");
		if (status_trunk_take(&t, w.s, "a"))
			exit(1);
		ok(t->targets[0].seen_as.l == strlen(views[i].view.address) &&
			   !memcmp(t->targets[0].seen_as.p, views[i].view.address,
				   t->targets[0].seen_as.l),
		   "the address is told");
		status_trunk_free(t);
	}
	store_seen_as(w.s, NULL, &views[0].view);
	end(&w);
}

static void test_mirrored(void)
{
	static const struct {
		unsigned signs;
		bool changed;
	} cases[] = {{0, false},
		     {1 << MIRROR_VIA, true},
		     {1 << MIRROR_VIA, false},
		     {1 << MIRROR_VIA | 1 << MIRROR_RPORT, true},
		     {0, true}};
	struct world w;

	begin(&w);
	ok(!look(&w)->stats.alg_known, "nobody looked yet");
	(void)is_news(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		is_int(store_mirrored(w.s, w.cell, cases[i].signs), cases[i].changed,
		       "whether it is another verdict");
		ok(look(&w)->stats.alg_known &&
			   look(&w)->stats.alg_signs == cases[i].signs,
		   "signs %u", cases[i].signs);
		ok(is_news(&w), "news");
	}
	ok(!store_mirrored(w.s, NULL, 1), "of no target none");
	end(&w);
}

int main(void)
{
	test_new();
	test_kinds();
	test_begun();
	test_codes();
	test_certificates();
	test_last();
	test_phases();
	test_registered();
	test_causes();
	test_way_back();
	test_first_loss();
	test_ways();
	test_seen_as();
	test_mirrored();
	return tap_done();
}

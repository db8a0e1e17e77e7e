/* The store and its snapshots: what writers say is what a scrape sees, and no more. */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "exporter/store/snapshot.h"
#include "exporter/store/store.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/exporter/store/endings.h"
#include "tests/unit/tap.h"

#define BUCKETS 12

static const double bounds[BUCKETS] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
				       0.1,   0.2,   0.5,   1,	  2,	4};

static const struct config_pair labels[] = {{"carrier", "isp \"a\"\\\n"},
					    {"site", "oslo"}};

static const struct config_trunk trunk_a = {
	.name = "a",
	.uri = "sip:u:secret@sbc.isp-a.example;transport=tcp",
	.profile = "p",
	.labels = labels,
	.label_count = 2,
};

static const struct config_trunk trunk_b = {.name = "b", .uri = "sip:192.0.2.1"};

static const struct engine_target target_udp = {"OPTIONS", "192.0.2.1:5060", "udp"};

static struct store *make_store(void)
{
	struct store *s = NULL;

	if (store_alloc(&s, bounds, BUCKETS))
		exit(1);
	return s;
}

static struct snapshot *take(struct store *s)
{
	struct snapshot *n = NULL;

	if (snapshot_take(&n, s, 0))
		exit(1);
	return n;
}

static void is_slice(struct slice got, const char *want, const char *name)
{
	char text[512];

	snprintf(text, sizeof(text), "%.*s", (int)got.l, got.p);
	is_str(text, want, name);
}

static struct probe_result result(enum probe_outcome outcome, enum probe_verdict verdict,
				  unsigned code, int64_t answer_ns)
{
	return (struct probe_result){
		.outcome = outcome,
		.verdict = verdict,
		.code = code,
		.begun_unix_ns = 1000000000LL,
		.phase_ns = {-1, -1, -1, -1, answer_ns},
	};
}

static void test_labels(void)
{
	struct store *s = make_store();
	struct store_trunk *a = store_trunk_add(s, &trunk_a);
	struct snapshot *n;

	store_trunk_add(s, &trunk_b);
	store_target_add(s, a, &target_udp);
	n = take(s);
	is_int((long long)n->trunk_count, 2, "both trunks are there");
	is_slice(n->trunks[0].labels,
		 "trunk=\"a\",carrier=\"isp \\\"a\\\"\\\\\\n\",site=\"oslo\"",
		 "label values are escaped");
	is_slice(n->trunks[0].info,
		 "uri=\"sip:u@sbc.isp-a.example;transport=tcp\",transport=\"tcp\","
		 "profile=\"p\"",
		 "the URI is shown without its password");
	is_slice(n->trunks[1].info, "uri=\"sip:192.0.2.1\",transport=\"\",profile=\"\"",
		 "a plain trunk's info");
	is_slice(n->targets[0].labels,
		 "trunk=\"a\",carrier=\"isp \\\"a\\\"\\\\\\n\",site=\"oslo\","
		 "method=\"OPTIONS\",address=\"192.0.2.1:5060\",transport=\"udp\"",
		 "a target carries its trunk's labels");
	ok(n->trunks[0].stats.named, "a host name is told from an address");
	ok(!n->trunks[1].stats.named, "an address is told from a host name");
	snapshot_free(n);
	store_free(s);
}

static const struct outcome_case {
	enum probe_outcome outcome;
	enum probe_verdict verdict;
	unsigned code;
	int64_t answer_ns;
	int success;
	int failure; /* index that counts, -1: none */
	int bucket;  /* index that counts, -1: none */
	int codes;
	const char *what;
} outcome_cases[] = {
	{PROBE_RESPONSE, PROBE_UP, 200, 1000000, 1, -1, 0, 1, "200 on a bound"},
	{PROBE_RESPONSE, PROBE_UP, 200, 1000001, 1, -1, 1, 1, "200 just over a bound"},
	{PROBE_RESPONSE, PROBE_UP, 200, 0, 1, -1, 0, 1, "200 at once"},
	{PROBE_RESPONSE, PROBE_DEGRADED, 503, 5, 1, -1, 0, 1, "503 that degrades"},
	{PROBE_RESPONSE, PROBE_DOWN, 408, 9000000000LL, 0, PROBE_RESPONSE, BUCKETS, 1,
	 "408 that means down, past the last bound"},
	{PROBE_TIMEOUT, PROBE_DOWN, 0, -1, 0, PROBE_TIMEOUT, -1, 0, "timeout"},
	{PROBE_AUTH, PROBE_DOWN, 403, 7, 0, PROBE_AUTH, -1, 1, "auth with its code"},
	{PROBE_INTERNAL, PROBE_DOWN, 0, -1, 0, PROBE_INTERNAL, -1, 0, "internal"},
	{PROBE_RESPONSE, PROBE_UP, 65736, 5, 1, -1, 0, 0, "a code that cannot be"},
};

static void check_outcome(const struct outcome_case *c, const struct snapshot_target *t)
{
	uint32_t failures = 0, counts = 0;
	int i;

	for (i = 0; i < PROBE_OUTCOMES; i++)
		failures += failures_of(t, (enum probe_outcome)i);
	for (i = 0; i <= BUCKETS; i++)
		counts += t->counts[i];
	is_int(t->stats.success, c->success, c->what);
	is_int(failures, c->failure >= 0, "failures counted");
	ok(c->failure < 0 || failures_of(t, (enum probe_outcome)c->failure) == 1,
	   "under its reason");
	is_int(counts, c->bucket >= 0, "durations observed");
	ok(c->bucket < 0 || t->counts[c->bucket] == 1, "in its bucket");
	is_int((long long)t->failure_count, c->failure >= 0, "and under no other");
	is_int((long long)t->code_count, c->codes, "codes seen");
	is_int(t->stats.last_success_unix_ns, c->success ? 1000000000LL : 0,
	       "last success");
}

static void test_outcomes(void)
{
	size_t i;

	for (i = 0; i < sizeof(outcome_cases) / sizeof(outcome_cases[0]); i++) {
		const struct outcome_case *c = &outcome_cases[i];
		struct store *s = make_store();
		struct store_trunk *row = store_trunk_add(s, &trunk_a);
		struct store_target *cell = store_target_add(s, row, &target_udp);
		struct probe_result r =
			result(c->outcome, c->verdict, c->code, c->answer_ns);
		struct snapshot *n = take(s);

		is_int(n->targets[0].stats.success, -1, "no result yet");
		snapshot_free(n);
		store_probe_begin(s, cell, 0);
		store_probe_done(s, cell, &r);
		n = take(s);
		check_outcome(c, &n->targets[0]);
		snapshot_free(n);
		store_free(s);
	}
}

static void test_codes_bounded(void)
{
	struct store *s = make_store();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *cell = store_target_add(s, row, &target_udp);
	struct snapshot *n;
	bool rising = true;
	unsigned i;

	for (i = 0; i < 4000; i++) {
		struct probe_result r =
			result(PROBE_RESPONSE, PROBE_UP, i * 7919 % 1000, 1);

		store_probe_done(s, cell, &r);
	}
	n = take(s);
	is_int((long long)n->targets[0].code_count, 600, "600 codes and no more");
	for (i = 0; i < 600; i++)
		rising = rising && n->targets[0].codes[i].how == 100 + i &&
			 n->targets[0].codes[i].count == 4;
	ok(rising, "in rising order, each counted");
	snapshot_free(n);
	store_free(s);
}

static void test_order_and_removal(void)
{
	struct config_trunk trunks[100];
	struct store_trunk *rows[100];
	struct store *s = make_store();
	struct snapshot *n;
	char names[100][8];
	bool ordered = true;
	int i;

	for (i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "t%02d", i);
		trunks[i] = trunk_b;
		trunks[i].name = names[i];
		if (i % 2)
			rows[i] = store_trunk_add(s, &trunks[i]);
	}
	for (i = 0; i < 100; i++) {
		if (i % 2)
			store_trunk_move(s, rows[i], &trunks[i]);
		else
			rows[i] = store_trunk_add(s, &trunks[i]);
		store_target_add(s, rows[i], &target_udp);
	}
	store_trunk_remove(s, rows[50]);
	n = take(s);
	is_int((long long)n->trunk_count, 99, "a removed trunk is gone");
	is_int((long long)n->target_count, 99, "and its target");
	for (i = 0; i < 99; i++)
		ordered = ordered && !strncmp(n->trunks[i].labels.p + 7,
					      names[i < 50 ? i : i + 1], 3);
	ok(ordered, "in the order of the new configuration");
	snapshot_free(n);
	store_free(s);
}

static void test_exporter(void)
{
	struct store *s = make_store();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *cell = store_target_add(s, row, &target_udp);
	struct snapshot *n;

	ok(!store_ready(s), "not ready before a configuration is applied");
	store_reload(s, false, 5);
	ok(!store_ready(s), "not ready after a configuration that failed");
	store_reload(s, true, 7);
	store_reload(s, false, 9);
	ok(store_ready(s), "ready once one was applied");
	store_stray(s, ENGINE_STRAY_MALFORMED);
	store_stray(s, ENGINE_STRAYS);
	store_probe_begin(s, cell, 3000);
	store_probe_begin(s, cell, 1000);
	store_inbound(s, row, "OPTIONS", 11);
	store_inbound(s, row, "EVIL\"x", 12);
	n = take(s);
	is_int(n->exporter.reload_success_unix_ns, 7, "time of the last good reload");
	ok(!n->exporter.reload_successful, "the last reload failed");
	is_int(n->exporter.lag_ns, 3000, "the largest lag of the last minute");
	is_int((long long)n->exporter.stray[ENGINE_STRAY_MALFORMED], 1, "strays");
	is_int(n->trunks[0].inbound->options_unix_ns, 11, "last inbound OPTIONS");
	is_int(n->trunks[0].inbound->requests[STATS_METHODS - 1], 1,
	       "a made-up method is other");
	snapshot_free(n);
	store_free(s);
}

static void test_null(void)
{
	struct store *s = make_store();
	struct probe_result r = result(PROBE_RESPONSE, PROBE_UP, 200, 1);
	struct engine_change change = {.to = HEALTH_UP};

	store_trunk_move(s, NULL, &trunk_a);
	store_trunk_state(s, NULL, &change, 1);
	store_trunk_addresses(s, NULL, 1, 1);
	store_trunk_dns_failed(s, NULL, "x", DNS_HINT_NONE);
	store_inbound(s, NULL, "OPTIONS", 1);
	ok(!store_target_add(s, NULL, &target_udp), "no cell without a row");
	store_probe_begin(s, NULL, 1);
	store_probe_done(s, NULL, &r);
	store_probe_late(s, NULL);
	ok(!store_survey_size(s, NULL, &(struct survey_size_report){.verdict = 1}),
	   "nor a verdict on sizes");
	store_target_remove(s, NULL);
	store_trunk_remove(s, NULL);
	store_free(s);
}

struct churn {
	struct store *s;
	atomic_bool stop;
	int broken;
	atomic_int taken;
};

/* A snapshot must be whole: no trunk twice, each target its own trunk's. */
/* Its histograms and exemplars tell of the same probes. */
static int target_faults(const struct snapshot_target *t)
{
	uint32_t classic = 0, native = t->native ? t->native->zero : 0;
	int faults = 0;
	size_t i;

	for (i = 0; i <= BUCKETS; i++)
		classic += t->counts[i];
	for (i = 0; t->native && i < t->native->count; i++)
		native += t->native->counts[i];
	for (i = 0; i < t->exemplar_count; i++) {
		faults += !t->counts[t->exemplars[i].bucket];
		faults += strcmp(t->exemplars[i].call_id, "0123") != 0;
	}
	return faults + (classic != native);
}

static int snapshot_faults(const struct snapshot *n)
{
	bool seen[1000] = {false};
	int faults = 0;
	size_t i;

	for (i = 0; i < n->trunk_count; i++) {
		const struct snapshot_trunk *t = &n->trunks[i];
		int number = atoi(t->labels.p + sizeof("trunk=\"t") - 1);

		faults += seen[number];
		seen[number] = true;
		/* A trunk just added may not have its target yet. */
		if (!t->target_count)
			continue;
		faults += t->target_count != 1;
		faults += target_faults(&n->targets[t->target_first]);
		faults += memcmp(t->labels.p, n->targets[t->target_first].labels.p,
				 t->labels.l) != 0;
	}
	return faults;
}

static void *reader(void *arg)
{
	struct churn *c = arg;

	while (!atomic_load(&c->stop)) {
		struct snapshot *n = NULL;

		if (snapshot_take(&n, c->s, SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS))
			continue;
		c->broken += snapshot_faults(n);
		atomic_fetch_add(&c->taken, 1);
		snapshot_free(n);
	}
	return NULL;
}

static struct store_trunk *add_named(struct store *s, const struct config_trunk *trunk)
{
	struct store_trunk *row = store_trunk_add(s, trunk);

	store_probe_begin(s, store_target_add(s, row, &target_udp), 1);
	return row;
}

static void test_churn(void)
{
	struct probe_result r = result(PROBE_RESPONSE, PROBE_UP, 200, 1);
	struct churn c = {.s = make_store()};
	struct store_trunk *rows[1000];
	static struct config_trunk trunks[1000];
	static char name[1000][8];
	pthread_t thread;
	int i;

	snprintf(r.call_id, sizeof(r.call_id), "0123");
	store_keep_native(c.s, 3, 20);
	store_keep_exemplars(c.s);
	for (i = 0; i < 1000; i++) {
		snprintf(name[i], sizeof(name[i]), "t%05d", i);
		trunks[i] = trunk_b;
		trunks[i].name = name[i];
		rows[i] = add_named(c.s, &trunks[i]);
	}
	pthread_create(&thread, NULL, reader, &c);
	/* On a busy machine the reader may come late. */
	for (i = 0; i < 400000 || (!atomic_load(&c.taken) && i < 40000000); i++) {
		int k = i % 1000 * 7919 % 1000;

		if (i % 20000 < 400) {
			store_trunk_remove(c.s, rows[k]);
			rows[k] = add_named(c.s, &trunks[k]);
		}
		store_trunk_addresses(c.s, rows[k], 1, 1);
		r.phase_ns[PROBE_PHASE_ANSWER] = i * 7919LL;
		store_probe_done(c.s, SLIST_FIRST(&rows[k]->targets), &r);
	}
	atomic_store(&c.stop, true);
	pthread_join(thread, NULL);
	is_int(c.broken, 0, "snapshots beside a writer are whole");
	ok(c.taken > 0, "%d snapshots were taken meanwhile", c.taken);
	store_free(c.s);
}

/* @all: with native histograms and exemplars, of answers that take about as long */
static void test_memory(bool all, size_t most)
{
	enum { TRUNKS = 10000 };
	struct config_trunk trunk = trunk_a;
	struct probe_result r = result(PROBE_RESPONSE, PROBE_UP, 200, 1);
	struct mallinfo2 before = mallinfo2();
	struct store *s = make_store();
	size_t bytes;
	int i, k;

	if (all) {
		store_keep_native(s, 3, 160);
		store_keep_exemplars(s);
		snprintf(r.call_id, sizeof(r.call_id), "0123456789abcdef");
	}
	for (i = 0; i < TRUNKS; i++) {
		char name[16], uri[64], address[32];
		struct store_target *cell;

		snprintf(name, sizeof(name), "trunk-%06d", i);
		snprintf(uri, sizeof(uri), "sip:sbc-%06d.carrier.example:5060", i);
		snprintf(address, sizeof(address), "192.0.2.%d:%d", i % 256, 5060 + i);
		trunk.name = name;
		trunk.uri = uri;
		cell = store_target_add(
			s, store_trunk_add(s, &trunk),
			&(struct engine_target){"OPTIONS", address, "udp"});
		for (k = 0; k < 100; k++) {
			r.phase_ns[PROBE_PHASE_ANSWER] = 10000000 + k * 60000;
			store_probe_done(s, cell, &r);
		}
	}
	bytes = mallinfo2().uordblks - before.uordblks;
	printf("# %zu bytes a trunk with one target%s\n", bytes / TRUNKS,
	       all ? ", native histogram and exemplars" : "");
	/* A sanitizer's allocator tells nothing. */
	if (bytes)
		ok(bytes / TRUNKS > 300 && bytes / TRUNKS <= most, "at most %zu a trunk",
		   most);
	else
		ok(true, "at most %zu a trunk # SKIP mallinfo2 is not kept", most);
	store_free(s);
}

int main(void)
{
	test_labels();
	test_outcomes();
	test_codes_bounded();
	test_order_and_removal();
	test_exporter();
	test_null();
	test_churn();
	test_memory(false, 868);
	test_memory(true, 1076);
	return tap_done();
}

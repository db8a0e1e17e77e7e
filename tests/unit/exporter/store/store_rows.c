/* Rows and cells one by one: names, words, certificates, lag, exemplars, what remains. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/labels.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/status.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/tap.h"

enum { BUCKETS = 3, NAMES = 500 };

static const double bounds[BUCKETS] = {0.001, 0.01, 1};
static const struct config_trunk trunk_a = {.name = "a", .uri = "sip:192.0.2.1"};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};
static const struct engine_target tls = {"OPTIONS", "192.0.2.1:5061", "tls"};

static struct store *store_make(void)
{
	struct store *s = NULL;

	if (store_alloc(&s, bounds, BUCKETS))
		exit(1);
	return s;
}

static struct probe_result answered(unsigned code, int64_t answer_ns)
{
	struct probe_result r = probe_result_none();

	r.code = code;
	r.begun_unix_ns = 1000000000;
	r.phase_ns[PROBE_PHASE_ANSWER] = answer_ns;
	return r;
}

/* --- by name --- */

/* Whether a page about a trunk of that name would find one. */
static bool is_found(struct store *s, const char *name)
{
	struct status_trunk *t = NULL;
	int err = status_trunk_take(&t, s, name);

	status_trunk_free(t);
	return !err;
}

static void test_names(void)
{
	static const struct config_settings settings;
	static struct config_trunk trunks[NAMES];
	static char names[NAMES][8];
	struct store_trunk *rows[NAMES];
	struct store *s = store_make();
	int found = 0, gone = 0, left = 0;

	for (int i = 0; i < NAMES; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		trunks[i] = trunk_a;
		trunks[i].name = names[i];
		trunks[i].settings = &settings;
		rows[i] = store_trunk_add(s, &trunks[i]);
	}
	for (int i = 0; i < NAMES; i++)
		found += is_found(s, names[i]);
	is_int(found, NAMES, "each is found by its name");
	for (int i = 0; i < NAMES; i += 2)
		store_trunk_remove(s, rows[i]);
	for (int i = 0; i < NAMES; i++) {
		gone += i % 2 == 0 && !is_found(s, names[i]);
		left += i % 2 == 1 && is_found(s, names[i]);
	}
	is_int(gone, NAMES / 2, "those removed are not");
	is_int(left, NAMES / 2, "and all others are");
	ok(!is_found(s, "n") && !is_found(s, ""), "what was never there is not found");
	store_free(s);
}

/* --- words of a probe --- */

static const struct {
	enum probe_outcome outcome;
	int err;
	const char *phrase;
	const char *detail;
	const char *said; /* NULL: nothing */
} words[] = {
	{PROBE_RESPONSE, 0, "OK", "", "OK"},
	{PROBE_RESPONSE, 0, "Fine", "ignored", "Fine"},
	{PROBE_RESPONSE, 0, "", "", NULL},
	{PROBE_TLS, EPROTO, "", "it has expired", "it has expired"},
	{PROBE_REFUSED, ECONNREFUSED, "", "", "Connection refused"},
	{PROBE_TIMEOUT, ETIMEDOUT, "", "", NULL},
	{PROBE_RESPONSE, ECONNREFUSED, "", "", NULL},
	{PROBE_CONNECT, 0, "", "", NULL},
	{PROBE_RESPONSE, 0, "OK", "", "OK"},
	{PROBE_RESPONSE, 0, "OK", "", "OK"},
};

static void test_words(void)
{
	struct store *s = store_make();
	struct store_target *cell =
		store_target_add(s, store_trunk_add(s, &trunk_a), &udp);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct probe_result r = answered(200, 1);

		r.outcome = words[i].outcome;
		r.err = words[i].err;
		snprintf(r.phrase, sizeof(r.phrase), "%s", words[i].phrase);
		snprintf(r.detail, sizeof(r.detail), "%s", words[i].detail);
		store_probe_done(s, cell, &r);
		is_str(cell->said, words[i].said, "what it said");
	}
	store_free(s);
}

/* --- what was lost --- */

static void test_loss(void)
{
	static const struct probe_loss told[] = {{1, 1, 0}, {4, 1, 3}, {0, 1, 0}};
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *cell;

	ok(!store_target_add(s, row, &tls)->stats.udp, "over TLS nothing is lost");
	cell = store_target_add(s, row, &udp);
	ok(cell->stats.udp, "over UDP it may be");
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		store_probe_settled(s, cell, &told[i]);
	store_probe_settled(s, NULL, &told[0]);
	is_int(cell->stats.loss.requests, 5, "requests add up");
	is_int(cell->stats.loss.answers, 3, "answers too");
	is_int(cell->stats.loss.lost, 3, "and what was lost");
	store_free(s);
}

/* --- numbers of a probe --- */

static void test_numbers(void)
{
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *cell = store_target_add(s, row, &tls);
	struct probe_result r = answered(200, 5000000);
	uint64_t changed = row->changed;

	r.cert_not_after_s = 77;
	r.retry_after_s = 3;
	r.registered_until_s = 99;
	r.retransmissions = 2;
	r.priority = 10;
	r.weight = 20;
	r.phase_ns[PROBE_PHASE_CONNECT] = 4;
	store_probe_done(s, cell, &r);
	ok(row->changed > changed && row->changed == s->sequence, "the row changed");
	is_int(cell->last_unix_ns, 1000000000, "when it began");
	is_int(cell->last.latency_us, 5000, "how long it took");
	r.begun_unix_ns += 30 * CLOCK_NS_PER_S;
	r.cert_not_after_s = 0;
	r.registered_until_s = -1;
	r.retry_after_s = -1;
	r.phase_ns[PROBE_PHASE_CONNECT] = -1;
	store_probe_done(s, cell, &r);
	is_int(cell->last.gap_ds, 300, "the time between two");
	is_int(cell->more->tls->stats.cert_not_after_s, 77, "a certificate's end stays");
	is_int(cell->more->registered_until_s, 99, "a registration's too");
	is_int(cell->stats.retry_after_s, -1, "a wish to be left alone does not");
	is_int(stats_phase_ns(cell->stats.phases[PROBE_PHASE_CONNECT]), -1,
	       "nor does a phase");
	is_int(cell->stats.retransmissions, 4, "retransmissions add up");
	is_int(cell->stats.sum_ns, 10000000, "durations add up");
	is_int(cell->stats.priority, 10, "priority");
	is_int(cell->stats.weight, 20, "weight");
	r.registered_until_s = 0;
	store_probe_done(s, cell, &r);
	is_int(cell->more->registered_until_s, 0, "no registration is news");
	r.outcome = PROBE_TLS;
	r.code = 0;
	r.tls_cause = TLS_FAILURE_NAME;
	store_probe_done(s, cell, &r);
	r.tls_cause = TLS_FAILURES;
	store_probe_done(s, cell, &r);
	r.outcome = PROBE_TIMEOUT;
	r.tls_cause = TLS_FAILURE_NAME;
	store_probe_done(s, cell, &r);
	is_int(cell->more->tls->stats.failures[TLS_FAILURE_NAME], 1,
	       "only TLS has a cause of TLS");
	is_int(cell->stats.sum_ns, 15000000, "only answers have durations");
	r = answered(200, -1);
	store_probe_done(s, cell, &r);
	is_int(cell->stats.sum_ns, 15000000, "and only those that have one");
	store_free(s);
}

/* --- exemplars --- */

static const struct {
	const char *call_id;
	int64_t answer_ns;
	int count; /* kept afterwards */
} exemplars[] = {
	{"", 500000, 0},	 {"a\"b", 500000, 0},
	{"a b", 500000, 0},	 {"big@host-1", 500000000, 1},
	{"low.x_1", 500000, 2},	 {"mid", 5000000, 3},
	{"over", 5000000000, 4}, {"mid2", 6000000, 4},
	{"m", 6000000, 4},
};

static void test_exemplars(void)
{
	static const char *const want[] = {"low.x_1", "m", "big@host-1", "over"};
	struct store *s = store_make();
	struct store_target *cell =
		store_target_add(s, store_trunk_add(s, &trunk_a), &udp);
	struct probe_result r = answered(200, 1);

	snprintf(r.call_id, sizeof(r.call_id), "early");
	store_probe_done(s, cell, &r);
	is_int(cell->exemplar_count, 0, "none where nobody takes them");
	store_keep_exemplars(s);
	for (size_t i = 0; i < sizeof(exemplars) / sizeof(*exemplars); i++) {
		r = answered(200, exemplars[i].answer_ns);
		r.begun_unix_ns = (int64_t)i;
		snprintf(r.call_id, sizeof(r.call_id), "%s", exemplars[i].call_id);
		store_probe_done(s, cell, &r);
		is_int(cell->exemplar_count, exemplars[i].count, exemplars[i].call_id);
	}
	for (int i = 0; i < 4; i++) {
		is_str(cell->exemplars[i].call_id, want[i], "in the order of buckets");
		is_int(cell->exemplars[i].bucket, i, "its bucket");
	}
	is_int(cell->exemplars[1].value_ns, 6000000, "the newest of a bucket");
	is_int(cell->exemplars[1].unix_ns, 8, "and when it was");
	store_free(s);
}

/* --- lag --- */

static void test_lag(void)
{
	struct store *s = store_make();
	const int64_t minute_ns = 60 * CLOCK_NS_PER_S;
	struct store_lag *slot;
	int64_t now_ns;

	store_probe_begin(s, store_target_add(s, store_trunk_add(s, &trunk_a), &udp),
			  5000);
	slot = &s->lag[0];
	while (!slot->lag_ns)
		slot++;
	now_ns = slot->second * CLOCK_NS_PER_S;
	is_int(store_lag_ns(s, now_ns), 5000, "a lag is told at once");
	is_int(store_lag_ns(s, now_ns + minute_ns - 1), 5000, "for a minute");
	is_int(store_lag_ns(s, now_ns + minute_ns), 0, "and no longer");
	s->lag[(slot->second + 1) % STORE_LAG_SLOTS] =
		(struct store_lag){slot->second + 1, 7000};
	is_int(store_lag_ns(s, now_ns + 2 * CLOCK_NS_PER_S), 7000, "the largest of all");
	store_free(s);
}

/* Every probe counts, in the bucket whose bound its lag does not exceed. */
static void test_lags(void)
{
	const struct {
		int64_t lag_ns;
		size_t bucket;
	} rows[] = {{0, 0},
		    {1000000, 0},
		    {1000001, 1},
		    {10 * CLOCK_NS_PER_MS, 3},
		    {5 * CLOCK_NS_PER_S, STATS_LAG_BUCKETS - 1},
		    {6 * CLOCK_NS_PER_S, STATS_LAG_BUCKETS}};
	struct store *s = store_make();
	struct store_target *cell =
		store_target_add(s, store_trunk_add(s, &trunk_a), &udp);
	int64_t sum_ns = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = UINT32_MAX;

		s->exporter.lags[rows[i].bucket] = before;
		store_probe_begin(s, cell, rows[i].lag_ns);
		sum_ns += rows[i].lag_ns;
		ok(s->exporter.lags[rows[i].bucket] == before + 1, "a lag of %lld ns",
		   (long long)rows[i].lag_ns);
	}
	is_int(s->exporter.lag_sum_ns, sum_ns, "and their sum");
	store_free(s);
}

/* --- a trunk's own words --- */

static void is_dns_said(struct store *s, const char *want, const char *name)
{
	struct status_trunk *t = NULL;
	char text[64] = "";

	if (!status_trunk_take(&t, s, "w"))
		snprintf(text, sizeof(text), "%.*s", (int)t->dns_said.l, t->dns_said.p);
	status_trunk_free(t);
	is_str(text, want, name);
}

static void test_trunk_words(void)
{
	static const struct config_settings settings;
	static const struct config_trunk trunk = {
		.name = "w", .uri = "sip:w.example", .settings = &settings};
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk);

	is_dns_said(s, "", "nothing at first");
	ok(!store_own_file(row), "and no certificate");
	store_trunk_dns_failed(s, row, "one", DNS_HINT_NONE);
	is_dns_said(s, "one", "why a name failed");
	ok(store_dns_failed_unix_ns(row) > 0, "and when");
	store_trunk_dns_failed(s, row, "two", DNS_HINT_NONE);
	is_dns_said(s, "two", "the last time");
	is_int(row->stats.dns_failures, 2, "each is counted");
	ok(!store_dns_note(row), "no note yet");
	store_trunk_resolved(s, row, "SRV: SERVFAIL");
	is_str(store_dns_note(row), "SRV: SERVFAIL", "what it resolves in spite of");
	store_trunk_resolved(s, row, "");
	ok(!store_dns_note(row), "and no more");
	store_trunk_resolved(s, NULL, "x");
	store_trunk_certificate(s, row, "/a/b.pem", &(struct tls_own){.not_after_s = 5});
	is_str(store_own_file(row), "file=\"b.pem\"", "the file of our certificate");
	store_trunk_certificate(s, row, "/a/c.pem", &(struct tls_own){.not_after_s = 6});
	is_str(store_own_file(row), "file=\"b.pem\"", "which is the trunk's for good");
	is_int(row->more->texts->own.not_after_s, 6, "its end is the last that was told");
	store_trunk_certificate(s, row, "/a/b.pem", &(struct tls_own){3, 8, .unfit = ""});
	ok(!tls_own_usable(&row->more->texts->own, 2) &&
		   tls_own_usable(&row->more->texts->own, 3),
	   "usable from when all that a peer needs is valid");
	ok(tls_own_usable(&row->more->texts->own, 8) &&
		   !tls_own_usable(&row->more->texts->own, 9),
	   "and until a part of that ends");
	store_trunk_certificate(s, row, "/a/b.pem",
				&(struct tls_own){3, 8, .unfit = "is for servers"});
	ok(!tls_own_usable(&row->more->texts->own, 5), "never when a peer will mind it");
	is_str(row->more->texts->own.unfit, "is for servers", "and why is kept");
	store_free(s);
}

/* Why a trunk is degraded whose probes are answered. */
static void test_reason(void)
{
	is_str(stats_state_reason(HEALTH_DEGRADED, 1), ENGINE_INBOUND_STOPPED, "told");
	ok(!stats_state_reason(HEALTH_DEGRADED, 0), "pings come: it is another");
	ok(!stats_state_reason(HEALTH_DEGRADED, -1), "none are expected");
	ok(!stats_state_reason(HEALTH_DOWN, 1), "down for its probes");
	ok(!stats_state_reason(HEALTH_UP, 1), "up needs none");
}

static void test_inbound(void)
{
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);

	store_inbound(s, row, "INVITE", 5);
	is_int(store_inbound_of(row)->options_unix_ns, 0, "only OPTIONS is a ping");
	store_inbound(s, row, "OPTIONS", 6);
	is_int(store_inbound_of(row)->options_unix_ns, 6, "its time");
	store_inbound(s, row, "UPDATE", 7);
	store_inbound(s, row, "other", 8);
	store_inbound(s, row, "options", 9);
	is_int(row->more->inbound->requests[13], 1, "the last one with a name");
	is_int(row->more->inbound->requests[14], 2, "all others are one");
	is_str(stats_method_name(13), "UPDATE", "names");
	is_str(stats_method_name(14), "other", "and of the rest");
	is_int(store_inbound_of(row)->options_unix_ns, 6, "case matters");
	store_free(s);
}

static void test_cells(void)
{
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *one = store_target_add(s, row, &udp);
	struct store_target *two = store_target_add(s, row, &tls);
	uint64_t changed = row->changed;
	char text[8];

	is_int(row->target_count, 2, "two cells");
	is_int((long long)s->target_count, 2, "of all");
	ok(!one->more && two->more, "only one over TLS has causes");
	ok(store_target_label(s, one, "transport", text, sizeof(text)), "a label");
	is_str(text, "udp", "its value");
	ok(store_target_label(s, one, "address", text, sizeof(text)), "a long one");
	is_str(text, "192.0.2", "cut to fit");
	ok(!store_target_label(s, one, "trunk", text, sizeof(text)),
	   "not one of the row");
	ok(!store_target_label(s, NULL, "address", text, sizeof(text)), "nor of nothing");
	store_target_remove(s, one);
	ok(row->changed > changed, "a removal changes the row");
	is_int(row->target_count, 1, "one cell is left");
	is_int((long long)s->target_count, 1, "of all");
	ok(SLIST_FIRST(&row->targets) == two, "the other one");
	store_trunk_remove(s, row);
	is_int((long long)s->target_count, 0, "a trunk takes its cells along");
	is_int((long long)s->exporter.trunks, 0, "and is counted no more");
	store_free(s);
}

static bool has(const struct store *s, const struct store_target *t, const char *name,
		const char *value)
{
	struct slice found = store_target_find(s, t, name);

	return found.l == strlen(value) && (!found.l || !memcmp(found.p, value, found.l));
}

/* All but the address is kept once for targets of one kind. */
static void test_kinds(void)
{
	static const struct engine_target targets[] = {
		{"OPTIONS", "192.0.2.1:5060", "udp"},	  {"OPTIONS", "a\"b", "udp"},
		{"REGISTER", "192.0.2.1:5060", "udp"},	  {"OPTIONS", "", "tls"},
		{"OPTIONS", "[2001:db8::1]:5061", "tls"},
	};
	static const char *const texts[] = {
		"method=\"OPTIONS\",address=\"192.0.2.1:5060\",transport=\"udp\"",
		"method=\"OPTIONS\",address=\"a\\\"b\",transport=\"udp\"",
		"method=\"REGISTER\",address=\"192.0.2.1:5060\",transport=\"udp\"",
		"method=\"OPTIONS\",address=\"\",transport=\"tls\"",
		"method=\"OPTIONS\",address=\"[2001:db8::1]:5061\",transport=\"tls\"",
	};
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *cells[5];
	char text[128];

	for (size_t i = 0; i < 5; i++)
		cells[i] = store_target_add(s, row, &targets[i]);
	for (size_t i = 0; i < 5; i++) {
		memset(text, 0, sizeof(text));
		store_target_text(text, s, cells[i]);
		is_str(text, texts[i], "label text");
		is_int((long long)store_target_text_len(s, cells[i]),
		       (long long)strlen(texts[i]), "as long as it is");
		ok(has(s, cells[i], "method", targets[i].method) &&
			   has(s, cells[i], "transport", targets[i].transport) &&
			   has(s, cells[i], "address",
			       i == 1 ? "a\\\"b" : targets[i].address),
		   "each value is found");
		ok(has(s, cells[i], "trunk", ""), "and no other");
	}
	is_int(s->kind_count, 3, "of three kinds");
	store_free(s);
}

/* Nobody has so many: but whoever names them, each keeps its own. */
static void test_many_kinds(void)
{
	enum { MANY = 300 };
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *cells[MANY];
	char method[16];
	int own = 0;

	for (int i = 0; i < MANY; i++) {
		snprintf(method, sizeof(method), "M%d", i);
		cells[i] = store_target_add(s, row,
					    &(struct engine_target){method, "a", "udp"});
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(method, sizeof(method), "M%d", i);
		own += has(s, cells[i], "method", method);
	}
	is_int(own, MANY, "each has its own");
	is_int(s->kind_count, MANY, "and no more than that");
	store_free(s);
}

/* Label text of a target has a length of sixteen bits. */
static void test_long_address(void)
{
	const size_t rest =
		sizeof("method=\"OPTIONS\",address=\"\",transport=\"udp\"") - 1;
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	char *address = malloc(UINT16_MAX + 2);
	struct engine_target target = {"OPTIONS", address, "udp"};
	struct store_target *cell;

	memset(address, '1', UINT16_MAX + 1);
	address[UINT16_MAX - rest] = '\0';
	cell = store_target_add(s, row, &target);
	is_int(cell ? (long long)store_target_text_len(s, cell) : 0, UINT16_MAX,
	       "the longest there may be");
	address[UINT16_MAX - rest] = '1';
	address[UINT16_MAX - rest + 1] = '\0';
	ok(!store_target_add(s, row, &target), "a byte more is refused");
	is_int(row->target_count, 1, "and leaves nothing behind");
	free(address);
	store_free(s);
}

static void test_paused(void)
{
	static const struct config_settings paused = {.pause = {.on = true}};
	static const struct config_settings proxied = {.outbound_proxy = "sip:p.example"};
	const struct config_trunk one = {"p", "sip:192.0.2.1", .settings = &paused};
	const struct config_trunk two = {"q", "sip:192.0.2.1", .settings = &proxied};
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &one);

	ok(row->stats.paused && !row->stats.named, "one that is paused");
	row = store_trunk_add(s, &two);
	ok(!row->stats.paused && row->stats.named, "one whose proxy has a name");
	store_free(s);
}

static void test_pause_turns(void)
{
	const struct engine_change change = {.to = HEALTH_DOWN};
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct status_list *l = NULL;

	store_trunk_state(s, row, &change, 1000);
	store_trunk_inbound(s, row, true);
	store_trunk_paused(s, row, true, 4102444800);
	ok(row->stats.paused && row->stats.paused_until_s == 4102444800, "paused until");
	is_int(row->stats.state, HEALTH_UNKNOWN, "without a state");
	is_int(row->stats.inbound_missing, -1, "or pings that stay out");
	is_int(row->stats.state_changes, 1, "which is no change of it");
	if (status_list_take(&l, s, &(struct status_query){0}))
		exit(1);
	ok(l->rows[0].paused && l->rows[0].paused_until_s == 4102444800, "pages know");
	ok(llabs(l->rows[0].since_unix_ns - clock_wall_ns()) < CLOCK_NS_PER_S * 60,
	   "and since when");
	status_list_free(l);
	store_trunk_paused(s, row, true, 0);
	ok(row->stats.paused && !row->stats.paused_until_s, "without an end");
	store_trunk_paused(s, row, false, 4102444800);
	ok(!row->stats.paused && !row->stats.paused_until_s, "no more");
	store_trunk_paused(s, NULL, true, 0);
	store_free(s);
}

/* --- since when --- */

static int64_t shown_since(struct store *s)
{
	struct snapshot *n = NULL;
	int64_t since_unix_ns;

	if (snapshot_take(&n, s, 0))
		exit(1);
	since_unix_ns = n->trunks[0].since_unix_ns;
	snapshot_free(n);
	return since_unix_ns;
}

/* The state is as old as it was, whatever the wall clock is set to. */
static void test_since(void)
{
	const int64_t at_ns = 1700000000123456789;
	struct engine_change change = {.to = HEALTH_DOWN};
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct status_list *l = NULL;
	int64_t shown_ns;

	store_trunk_state(s, row, &change, at_ns);
	is_int(shown_since(s), at_ns, "when it was");
	is_int(shown_since(s), at_ns, "and no other time at the next look");
	/* As if it had been set by an hour since: what was kept is an hour off. */
	s->wall_offset_ns -= 3600 * CLOCK_NS_PER_S;
	shown_ns = shown_since(s);
	ok(llabs(shown_ns - at_ns) < CLOCK_NS_PER_MS, "a clock that is set is followed");
	s->wall_offset_ns += CLOCK_NS_PER_MS;
	is_int(shown_since(s), shown_ns + CLOCK_NS_PER_MS, "a breath is no step");
	if (status_list_take(&l, s, &(struct status_query){0}))
		exit(1);
	is_int(l->rows[0].since_unix_ns, shown_ns + CLOCK_NS_PER_MS,
	       "pages say the same");
	status_list_free(l);
	store_free(s);
}

static void test_offsets(void)
{
	static const struct {
		int64_t kept_ms, seen_ms, want_ms;
		const char *name;
	} cases[] = {
		{5000, 5000, 5000, "the same"},
		{5000, 5049, 5000, "two looks"},
		{5000, 4951, 5000, "two looks, the other way"},
		{5000, 5051, 5051, "set forward"},
		{5000, -900000, -900000, "set back"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is_int(clock_follow_offset_ns(cases[i].kept_ms * CLOCK_NS_PER_MS,
					      cases[i].seen_ms * CLOCK_NS_PER_MS),
		       cases[i].want_ms * CLOCK_NS_PER_MS, cases[i].name);
}

/* --- as whom peers see us --- */

static void test_seen_as(void)
{
	const struct mirror_view here = {"203.0.113.7:5060", true};
	const struct mirror_view there = {"203.0.113.8:5060", true};
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *one = store_target_add(s, row, &udp);
	struct store_target *two = store_target_add(s, row, &tls);

	store_seen_as(s, one, &here);
	store_seen_as(s, two, &here);
	ok(one->seen_as == two->seen_as, "where two are seen alike it is kept once");
	store_seen_as(s, two, &here);
	store_seen_as(s, one, &there);
	is_str(one->seen_as, there.address, "one is seen elsewhere");
	is_str(two->seen_as, here.address, "the other is not");
	is_int((long long)s->words.index.used, 2, "two addresses");
	store_target_remove(s, two);
	is_int((long long)s->words.index.used, 1, "one goes with its cell");
	store_trunk_remove(s, row);
	is_int((long long)s->words.index.used, 0, "and one with its trunk");
	store_free(s);
}

/* --- chains --- */

static void test_chain(void)
{
	const struct chain_link link = {"CN=a", "CN=b", "", "1", "k", "f", 1, 2};
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk_a);
	struct store_target *plain = store_target_add(s, row, &udp);
	struct store_target *cell = store_target_add(s, row, &tls);
	struct chain *one = NULL, *same = NULL;
	uint64_t changed;

	if (chain_alloc(&one, &link, 1) || chain_alloc(&same, &link, 1))
		exit(1);
	store_chain(s, NULL, one);
	store_chain(s, plain, one);
	is_int(atomic_load(&one->refs), 1, "nothing is kept of no cell or a plain one");
	store_chain(s, cell, one);
	ok(cell->more->tls->chain == one, "one over TLS keeps it");
	changed = row->changed;
	store_chain(s, cell, same);
	ok(cell->more->tls->chain == one && row->changed == changed,
	   "the same is no news");
	same->verified = true;
	store_chain(s, cell, same);
	ok(cell->more->tls->chain == same && row->changed > changed, "another is");
	is_int(atomic_load(&one->refs), 1, "and the former is let go");
	store_target_remove(s, cell);
	is_int(atomic_load(&same->refs), 1, "with the cell it goes");
	chain_unref(one);
	chain_unref(same);
	store_free(s);
}

/* --- the exporter's own --- */

static void test_exporter(void)
{
	const struct config_shard shard = {.index = 2, .total = 5};
	struct store *s = store_make();
	char path[200];

	store_shard(s, &shard);
	is_int(s->exporter.total_shards, 5, "how many shards");
	is_str(s->exporter.shard, "shard=\"2\"", "which this is");
	store_listen_certificate(s, "/x/listen.pem", &(struct tls_own){.not_after_s = 9});
	is_str(s->exporter.listen_file, "file=\"listen.pem\"", "what is shown");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	store_listen_certificate(s, path, &(struct tls_own){.not_after_s = 10});
	is_int(s->exporter.listen_not_after_s, 0, "a name that does not fit is none");
	store_tls_files(s, true);
	store_reload(s, false, 3);
	ok(s->exporter.tls_files_stale && !s->exporter.reload_success_unix_ns,
	   "a reload that failed mends nothing");
	store_reload(s, true, 4);
	ok(!s->exporter.tls_files_stale && s->exporter.reload_success_unix_ns == 4,
	   "one that succeeded does");
	store_free(s);
}

/* --- label text --- */

static void test_labels(void)
{
	struct buffer b = {0}, plain = {0};
	struct slice text, name, value;
	size_t pos = 0;

	labels_add(&b, "a", "x\"\\\n");
	labels_add(&b, "bb", "");
	labels_add(&b, "c", "y,d=\"z\"");
	text = (struct slice){b.data, b.len};
	ok(labels_next(text, &pos, &name, &value) && name.l == 1 && value.l == 7, "one");
	labels_unescape(&plain, value);
	ok(plain.len == 4 && !memcmp(plain.data, "x\"\\\n", 4), "as it was before");
	ok(labels_next(text, &pos, &name, &value) && name.l == 2 && !value.l, "two");
	ok(labels_next(text, &pos, &name, &value) && name.p[0] == 'c', "three");
	ok(!labels_next(text, &pos, &name, &value), "and no more");
	is_int((long long)labels_find(text, "c").l, 9, "found by name");
	is_int((long long)labels_find(text, "d").l, 0, "not inside a value");
	is_int((long long)labels_find(text, "b").l, 0, "nor by a part of its name");
	is_int((long long)labels_find(SLICE("a=\"x"), "a").l, 0, "nor without an end");
	is_int((long long)labels_find(SLICE("a=\""), "a").l, 0, "nor a begin alone");
	is_int((long long)labels_find(SLICE("a=\"\\"), "a").l, 0, "nor an escape at it");
	plain.len = 0;
	labels_unescape(&plain, SLICE("a\\"));
	ok(plain.len == 2 && plain.data[1] == '\\', "an escape of nothing is itself");
	plain.err = ENOMEM;
	labels_unescape(&plain, SLICE("a"));
	is_int((long long)plain.len, 2, "nothing without memory");
	buffer_clear(&b);
	buffer_clear(&plain);
}

int main(void)
{
	test_names();
	test_words();
	test_loss();
	test_numbers();
	test_exemplars();
	test_lag();
	test_lags();
	test_trunk_words();
	test_inbound();
	test_reason();
	test_cells();
	test_kinds();
	test_many_kinds();
	test_long_address();
	test_paused();
	test_pause_turns();
	test_since();
	test_offsets();
	test_seen_as();
	test_chain();
	test_exporter();
	test_labels();
	return tap_done();
}

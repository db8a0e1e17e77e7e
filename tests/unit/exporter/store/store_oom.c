/*
 * Every allocation of the store's rows fails once: what is there is whole, what is not is
 * not, and all is freed in the end.
 */
#include <errno.h>
#include <malloc.h>

#include "exporter/store/changes.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/status.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

static const double bounds[] = {0.001, 1};
static const struct config_pair labels[] = {{"carrier", "x"}};
/* More than there is room for ahead of need. */
static char long_text[1200];
static const struct config_pair headers[] = {
	{"X-A", long_text}, {"X-B", long_text}, {"X-C", long_text}, {"X-D", long_text}};
static const struct config_settings settings = {
	.methods = 1 << CONFIG_METHOD_OPTIONS | 1 << CONFIG_METHOD_REGISTER |
		   1 << CONFIG_METHOD_INVITE,
	.from = long_text,
	.headers = headers,
	.header_count = sizeof(headers) / sizeof(*headers),
};
static const struct config_trunk trunk = {
	.name = "a",
	.uri = "sip:u:secret@sbc.example;transport=tls",
	.profile = "p",
	.labels = labels,
	.label_count = 1,
	.settings = &settings,
};
static const struct engine_target target = {"OPTIONS", "192.0.2.1:5061", "tls"};
static const struct engine_target invite = {"INVITE", "192.0.2.1:5061", "tcp"};
static const struct peer_change change = {.trait = PEER_KEY,
					  .before = "a",
					  .now = "b",
					  .before_unix_ns = 1,
					  .now_unix_ns = 2};
static const struct tls_own own = {.not_after_s = 9};

static const char row_text[] = "trunk=\"a\",carrier=\"x\""
			       "uri=\"sip:u@sbc.example;transport=tls\","
			       "transport=\"tls\",profile=\"p\"";
static const char cell_text[] =
	"method=\"OPTIONS\",address=\"192.0.2.1:5061\",transport=\"tls\"";

static bool row_is_whole(const struct store_trunk *row)
{
	size_t len = row->label_len + row->info_len;

	return len == sizeof(row_text) - 1 && !memcmp(row->text, row_text, len);
}

static bool cell_is_whole(const struct store *s, struct store_target *cell)
{
	char text[sizeof(cell_text)];

	if (store_target_text_len(s, cell) != sizeof(cell_text) - 1)
		return false;
	store_target_text(text, s, cell);
	return !memcmp(text, cell_text, sizeof(cell_text) - 1);
}

/* Some answers, words that are no "OK", a chain and a ladder: all that a cell may own. */
static void fill_cell(struct store *s, struct store_target *cell, struct chain *chain)
{
	struct probe_result r = probe_result_none();
	struct ladder l = {.count = 1, .entries = {{.text = "x", .len = 1, .size = 1}}};
	static const struct call_media media;

	r.call.media = &media;
	r.code = 503;
	r.outcome = PROBE_RESPONSE;
	r.verdict = PROBE_DOWN;
	r.phase_ns[PROBE_PHASE_ANSWER] = 1000000;
	snprintf(r.phrase, sizeof(r.phrase), "Busy");
	snprintf(r.call_id, sizeof(r.call_id), "call");
	store_probe_done(s, cell, &r);
	if (store_ladder_wanted(s, cell, &r))
		store_ladder(s, cell, &r, &l);
	r.code = 404;
	snprintf(r.phrase, sizeof(r.phrase), "Gone");
	for (int i = 0; i < 7; i++) {
		r.phase_ns[PROBE_PHASE_ANSWER] = INT64_C(1000000) << i;
		store_probe_done(s, cell, &r);
	}
	store_chain(s, cell, chain);
	store_peer_shown(s, cell, 1U << PEER_KEY);
	store_peer_changed(s, cell, &change);
	store_peer_changed(s, cell, &change);
	store_survey_size(s, cell, &(struct survey_size_report){.bytes = 7});
	store_survey_train(s, cell, &(struct survey_train_report){.answers = 5});
	store_seen_as(s, cell, &(struct mirror_view){.address = "203.0.113.7"});
	store_probe_settled(s, cell, &(struct probe_loss){.requests = 4, .lost = 1});
}

static void fill_row(struct store *s, struct store_trunk *row)
{
	store_inbound(s, row, "OPTIONS", 1);
	store_trunk_dns_failed(s, row, "one", DNS_HINT_NONE);
	store_trunk_dns_failed(s, row, "two", DNS_HINT_NONE);
	store_trunk_resolved(s, row, "note");
	store_trunk_certificate(s, row, "/a.pem", &own);
	for (int i = 0; i < 4; i++)
		store_trunk_state(
			s, row,
			&(struct engine_change){.to = i % 2 ? HEALTH_DOWN : HEALTH_UP},
			1000 * (i + 1));
	store_traced(s, "a", &(struct trace_report){.count = 3}, true);
}

static struct config_turned turned[] = {{CONFIG_TURN_ADDED, &trunk},
					{CONFIG_TURN_REMOVED, &trunk}};
static const struct config_diff diff = {.list = turned, .count = 2};

/* What two reloads changed, of which the last one is kept. */
static void fill_changes(struct store *s)
{
	struct changes c;

	for (int i = 0; i < 2; i++)
		if (changes_make(&c, &diff, 7))
			changes_clear(&c);
		else
			changes_keep(s, &c);
	if (!changes_take(&c, s))
		changes_clear(&c);
}

static unsigned wrong;

static void check_row(const struct store_trunk *row)
{
	wrong += !row_is_whole(row);
	wrong += row->stats.dns_failures != 2 || row->stats.named != 1;
	wrong += store_dns_failure(row) && strcmp(store_dns_failure(row), "two") != 0;
	wrong += store_dns_note(row) && strcmp(store_dns_note(row), "note") != 0;
	wrong +=
		store_own_file(row) && strcmp(store_own_file(row), "file=\"a.pem\"") != 0;
	wrong += store_own_file(row) &&
		 store_texts_of(row)->own.not_after_s != own.not_after_s;
	wrong += store_inbound_of(row) && (store_inbound_of(row)->requests[0] != 1 ||
					   store_inbound_of(row)->options_unix_ns != 1);
	wrong += row->stats.state != HEALTH_DOWN || row->stats.state_changes != 4;
	wrong += !store_bill_of(row) || store_bill_of(row)->answered;
}

static uint64_t native_total(const struct native_histogram *n)
{
	uint64_t sum = n->zero;

	for (uint16_t i = 0; i < n->count; i++)
		sum += n->counts[i];
	return sum;
}

static void check_cell(struct store *s, struct store_target *cell)
{
	wrong += !cell_is_whole(s, cell);
	wrong += cell->said && strcmp(cell->said, "Gone") != 0;
	wrong += cell->stats.sum_ns != 128000000;
	/* Half a histogram is never shown. */
	wrong += cell->native && native_total(cell->native) != 8;
	wrong += cell->stats.traits != 1U << PEER_KEY;
	wrong += store_changes_of(cell) && store_changes_of(cell)->last[PEER_KEY] &&
		 strcmp(store_changes_of(cell)->last[PEER_KEY]->now, "b") != 0;
	wrong += cell->exemplar_count && strcmp(cell->exemplars[0].call_id, "call") != 0;
	wrong += cell->stats.loss.requests != 4 || cell->stats.loss.lost != 1;
	wrong += cell->seen_as && strcmp(cell->seen_as, "203.0.113.7") != 0;
}

static size_t settings_bytes; /* as text, with all of them */

/* Who reads sees all of it, or is told that there is no memory, and is handed nothing. */
static void check_read(struct store *s, const struct store_trunk *row, size_t cells)
{
	struct status_trunk *t = NULL;
	struct status_list *l = NULL;
	struct snapshot *n = NULL;
	int err = snapshot_take(&n, s, SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS);

	wrong += err ? err != ENOMEM || n
		     : n->trunk_count != (row != NULL) || n->target_count != cells;
	snapshot_free(n);
	err = status_list_take(&l, s, &(struct status_query){.recent = 5});
	wrong += err ? err != ENOMEM || l : l->count != (row != NULL);
	status_list_free(l);
	err = status_trunk_take(&t, s, "a");
	wrong += err ? (err != ENOMEM && err != ENOENT) || t
		     : t->target_count != cells || t->aor.len != strlen(long_text) ||
				 t->settings.len != settings_bytes;
	status_trunk_free(t);
}

/* A store with a row and its cells, where there is memory for them, and who reads it. */
static void run_once(struct chain *chain)
{
	struct store_target *cell, *calls;
	struct store_trunk *row = NULL;
	struct store *s = NULL;
	size_t cells;

	if (store_alloc(&s, bounds, 2)) {
		wrong += s != NULL;
		return;
	}
	store_remember(s, 5, 1 << 20);
	store_keep_native(s, 3, 160);
	store_keep_exemplars(s);
	row = store_trunk_add(s, &trunk);
	fill_row(s, row);
	cell = store_target_add(s, row, &target);
	calls = store_target_add(s, row, &invite);
	cells = (size_t)(cell != NULL) + (calls != NULL);
	if (cell)
		fill_cell(s, cell, chain);
	if (row)
		check_row(row);
	if (cell)
		check_cell(s, cell);
	wrong += calls && !store_call_of(calls);
	wrong += s->target_count != cells;
	wrong += s->exporter.trunks != (row != NULL);
	check_read(s, row, cells);
	fill_changes(s);
	store_free(s);
}

/*
 * For every number of allocations that succeed before one fails, until none does. Returns
 * that number.
 */
static long run_each(struct chain *chain)
{
	long n = -1;

	do {
		countdown = ++n;
		run_once(chain);
	} while (countdown < 0);
	countdown = -1;
	return n;
}

static size_t in_use(void)
{
	const struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/*
 * Whether no more memory is in use after a round, at last: for a while the allocator
 * keeps more for the next one, and what is lost is lost each time. A sanitizer's says 0.
 */
static bool stands_still(struct chain *chain)
{
	enum { ROUNDS = 100 };

	for (int i = 0; i < ROUNDS; i++) {
		size_t before = in_use();

		(void)run_each(chain);
		if (in_use() <= before)
			return true;
	}
	return false;
}

static void test_each(void)
{
	const struct chain_link link = {"CN=a", "CN=b", "", "1", "k", "f", 1, 2};
	struct chain *chain = NULL;
	struct buffer all = {0};
	long n;

	if (chain_alloc(&chain, &link, 1))
		return;
	status_settings(&all, &settings);
	settings_bytes = all.len;
	buffer_clear(&all);
	n = run_each(chain);
	ok(n > 15, "%ld allocations failed in turn", n);
	is_int(wrong, 0, "and nothing was half there");
	is_int(atomic_load(&chain->refs), 1, "nor held for ever");
	ok(stands_still(chain), "not a byte of memory");
	chain_unref(chain);
}

/* A row that was prepared needs no memory when it is added; what nobody adds goes. */
static void test_prepared(void)
{
	static const struct config_trunk other = {
		.name = "b", .uri = "sip:b.example", .settings = &settings};
	struct store *s = NULL;
	struct store_trunk *row;
	long n = -1;
	int err = ENOMEM;

	if (store_alloc(&s, bounds, 2))
		return;
	do {
		countdown = ++n;
		err = store_prepare(s, &trunk);
	} while (countdown < 0);
	countdown = -1;
	ok(n > 2 && !err, "%ld allocations of it failed in turn", n);
	is_int(store_prepare(s, &other), 0, "another one");
	countdown = 0;
	row = store_trunk_add(s, &trunk);
	countdown = -1;
	ok(row && row_is_whole(row), "it is added without memory");
	ok(name_index_find(&s->names, "a") == row, "and found by its name");
	is_int(s->exporter.trunks, 1, "the other is nowhere");
	store_prepared_drop(s);
	ok(TAILQ_EMPTY(&s->prepared) && !s->prepared_count, "and gone");
	store_free(s);
}

/* As many rows as are made ahead need no memory to be found by their names either. */
static void test_many_prepared(void)
{
	enum { MANY = 40 };
	static struct config_trunk conf[MANY];
	static char names[MANY][8];
	struct store_trunk *rows[MANY];
	struct store *s = NULL;
	int found = 0;

	if (store_alloc(&s, bounds, 2))
		return;
	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		conf[i] = trunk;
		conf[i].name = names[i];
		if (store_prepare(s, &conf[i]))
			return;
	}
	for (int i = 0; i < MANY; i++) {
		countdown = 0;
		rows[i] = store_trunk_add(s, &conf[i]);
		countdown = -1;
	}
	for (int i = 0; i < MANY; i++)
		found += rows[i] && name_index_find(&s->names, names[i]) == rows[i];
	is_int(found, MANY, "each of those that were made ahead");
	store_free(s);
}

/* However a probe ends, and the next one, it is counted where there is no memory. */
static void test_endings(void)
{
	static const struct {
		enum probe_outcome outcome;
		enum probe_verdict verdict;
		uint16_t code;
		uint16_t count; /* of ways afterwards */
	} probes[] = {
		{PROBE_RESPONSE, PROBE_UP, 200, 1},
		{PROBE_RESPONSE, PROBE_UP, 404, 2},
		{PROBE_RESPONSE, PROBE_DOWN, 503, 4},
		{PROBE_TIMEOUT, PROBE_DOWN, 0, 5},
		{PROBE_AUTH, PROBE_DOWN, 403, 7},
		{PROBE_DNS, PROBE_DOWN, 0, 8},
		{PROBE_REFUSED, PROBE_DOWN, 0, 9},
		{PROBE_RESPONSE, PROBE_UP, 202, 10},
		{PROBE_RESPONSE, PROBE_UP, 204, 11},
		{PROBE_ELSEWHERE, PROBE_DOWN, 299, 13},
	};
	struct probe_result r = probe_result_none();
	struct store_target *cell;
	struct store *s = NULL;

	if (store_alloc(&s, bounds, 2))
		return;
	cell = store_target_add(s, store_trunk_add(s, &trunk), &target);
	for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++) {
		r.outcome = probes[i].outcome;
		r.verdict = probes[i].verdict;
		r.code = probes[i].code;
		countdown = 0;
		store_probe_done(s, cell, &r);
		/* It may have been spent on something else. */
		countdown = -1;
		store_probe_done(s, cell, &r);
		is_int(cell->ending_count, probes[i].count, "ways to end");
	}
	for (size_t i = 0; i < cell->ending_count; i++) {
		const struct stats_ending *e = store_endings(cell);

		ok(!i || e[i].how > e[i - 1].how, "rising");
		is_int(e[i].count, 2, "each is counted");
	}
	store_free(s);
}

/* A list of changes is there with all of its names, or not at all. */
static void test_changes(void)
{
	struct changes made, taken;
	struct store *s = NULL;
	long n = -1;
	int err;

	do {
		countdown = ++n;
		err = changes_make(&made, &diff, 7);
		wrong += err != (countdown < 0 ? ENOMEM : 0);
		if (err)
			changes_clear(&made);
	} while (countdown < 0);
	countdown = -1;
	ok(n == 2 && !err && made.at_unix_ns == 7, "made, but for %ld times", n);
	if (store_alloc(&s, bounds, 2))
		return;
	changes_keep(s, &made);
	n = -1;
	do {
		countdown = ++n;
		err = changes_take(&taken, s);
		wrong += err != (countdown < 0 ? ENOMEM : 0);
		wrong += err && (taken.names[CONFIG_TURN_ADDED].data ||
				 taken.names[CONFIG_TURN_REMOVED].data);
	} while (countdown < 0);
	countdown = -1;
	ok(n == 2 && !err, "taken, but for %ld times", n);
	is_str(taken.names[CONFIG_TURN_REMOVED].data, "a", "with its names");
	is_int(wrong, 0, "and nothing is handed out but that");
	changes_clear(&taken);
	ok(!taken.at_unix_ns && !taken.names[CONFIG_TURN_ADDED].data, "cleared");
	store_free(s);
}

int main(void)
{
	memset(long_text, 'x', sizeof(long_text) - 1);
	test_each();
	test_prepared();
	test_many_prepared();
	test_endings();
	test_changes();
	return tap_done();
}

/*
 * Every allocation of the store's rows fails once: what is there is whole, what is not is
 * not, and all is freed in the end.
 */
#include <errno.h>

#include "exporter/store/snapshot.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

static const double bounds[] = {0.001, 1};
static const struct config_pair labels[] = {{"carrier", "x"}};
static const struct config_settings settings;
static const struct config_trunk trunk = {
	.name = "a",
	.uri = "sip:u:secret@sbc.example;transport=tls",
	.profile = "p",
	.labels = labels,
	.label_count = 1,
	.settings = &settings,
};
static const struct engine_target target = {"OPTIONS", "192.0.2.1:5061", "tls"};
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
	return cell->label_len == sizeof(cell_text) - 1 &&
	       !memcmp(store_target_text(s, cell), cell_text, cell->label_len);
}

/* Two answers, words that are no "OK", a chain and a ladder: all that a cell may own. */
static void fill_cell(struct store *s, struct store_target *cell, struct chain *chain)
{
	struct probe_result r = probe_result_none();
	struct ladder l = {.count = 1, .entries = {{.text = "x", .len = 1, .size = 1}}};

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
	store_probe_done(s, cell, &r);
	store_chain(s, cell, chain);
	store_peer_shown(s, cell, 1U << PEER_KEY);
	store_peer_changed(s, cell, &change);
	store_peer_changed(s, cell, &change);
}

static void fill_row(struct store *s, struct store_trunk *row)
{
	store_inbound(s, row, "OPTIONS", 1);
	store_trunk_dns_failed(s, row, "one", DNS_HINT_NONE);
	store_trunk_dns_failed(s, row, "two", DNS_HINT_NONE);
	store_trunk_resolved(s, row, "note");
	store_trunk_certificate(s, row, "/a.pem", &own);
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
	wrong +=
		row->stats.own_not_after_s != (store_own_file(row) ? own.not_after_s : 0);
	wrong += row->inbound && row->inbound[0] != 1;
}

static void check_cell(struct store *s, struct store_target *cell)
{
	wrong += !cell_is_whole(s, cell);
	wrong += cell->said && strcmp(cell->said, "Gone") != 0;
	wrong += cell->stats.sum_ns != 2000000;
	wrong += cell->stats.traits != 1U << PEER_KEY;
	wrong += store_changes_of(cell) && store_changes_of(cell)->last[PEER_KEY] &&
		 strcmp(store_changes_of(cell)->last[PEER_KEY]->now, "b") != 0;
	wrong += cell->exemplar_count && strcmp(cell->exemplars[0].call_id, "call") != 0;
}

/* A store with a row and a cell, where there is memory for them, and what a scrape sees.
 */
static void run_once(struct chain *chain)
{
	struct store_trunk *row = NULL;
	struct store_target *cell = NULL;
	struct snapshot *n = NULL;
	struct store *s = NULL;

	if (store_alloc(&s, bounds, 2))
		return;
	store_remember(s, 5, 1 << 20);
	store_keep_native(s, 3, 160);
	store_keep_exemplars(s);
	row = store_trunk_add(s, &trunk);
	fill_row(s, row);
	cell = store_target_add(s, row, &target);
	if (cell)
		fill_cell(s, cell, chain);
	if (row)
		check_row(row);
	if (cell)
		check_cell(s, cell);
	wrong += s->target_count != (cell != NULL);
	wrong += s->exporter.trunks != (row != NULL);
	if (!snapshot_take(&n, s, SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS)) {
		wrong += n->trunk_count != (row != NULL);
		wrong += n->target_count != (cell != NULL);
		snapshot_free(n);
	}
	store_free(s);
}

/* For every number of allocations that succeed before one fails, until none does. */
static void test_each(void)
{
	const struct chain_link link = {"CN=a", "CN=b", "", "1", "k", "f", 1, 2};
	struct chain *chain = NULL;
	long n = -1;

	if (chain_alloc(&chain, &link, 1))
		return;
	do {
		countdown = ++n;
		run_once(chain);
	} while (countdown < 0);
	countdown = -1;
	ok(n > 15, "%ld allocations failed in turn", n);
	is_int(wrong, 0, "and nothing was half there");
	is_int(atomic_load(&chain->refs), 1, "nor held for ever");
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

/* The first code of an address, and one more, are counted where there is no memory. */
static void test_codes(void)
{
	static const unsigned codes[] = {200, 503, 404};
	struct probe_result r = probe_result_none();
	struct store_target *cell;
	struct store *s = NULL;

	if (store_alloc(&s, bounds, 2))
		return;
	cell = store_target_add(s, store_trunk_add(s, &trunk), &target);
	r.outcome = PROBE_RESPONSE;
	r.verdict = PROBE_UP;
	for (size_t i = 0; i < 3; i++) {
		r.code = (uint16_t)codes[i];
		countdown = 0;
		store_probe_done(s, cell, &r);
		/* It may have been spent on something else. */
		countdown = -1;
		store_probe_done(s, cell, &r);
	}
	is_int(cell->code_count, 3, "three codes");
	for (size_t i = 0; i < cell->code_count; i++)
		is_int(cell->codes[i].count, 2, "each answer counted");
	store_free(s);
}

int main(void)
{
	test_each();
	test_prepared();
	test_codes();
	return tap_done();
}

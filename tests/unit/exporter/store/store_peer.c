/* Changes of a peer as they are kept: the last one of each trait, and how many. */
#include "exporter/store/snapshot.h"
#include "exporter/store/status.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/tap.h"

static const double bounds[] = {1};
static const struct config_settings settings;
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:192.0.2.1", .settings = &settings};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};

static void change(struct store *s, struct store_target *cell, enum peer_trait trait,
		   const char *before, const char *now)
{
	char texts[2][32];
	struct peer_change c = {.trait = trait,
				.code = 200,
				.before_unix_ns = 1000,
				.now_unix_ns = 2000,
				.before = texts[0],
				.now = texts[1]};

	/* What is kept does not rest on these. */
	snprintf(texts[0], sizeof(texts[0]), "%s", before);
	snprintf(texts[1], sizeof(texts[1]), "%s", now);
	store_peer_changed(s, cell, &c);
	memset(texts, 'x', sizeof(texts));
}

static uint64_t sequence_of(struct store *s)
{
	struct status_list *l = NULL;
	uint64_t sequence;

	if (status_list_take(&l, s, &(struct status_query){0}))
		return 0;
	sequence = l->sequence;
	status_list_free(l);
	return sequence;
}

static void test_snapshot(struct store *s, struct store_target *cell)
{
	struct snapshot *n;
	uint64_t before;

	store_peer_shown(s, cell, 1U << PEER_ALLOW);
	store_peer_shown(s, cell, 1U << PEER_SOFTWARE);
	if (snapshot_take(&n, s, 0))
		return;
	is_int(n->targets[0].stats.traits, 1 << PEER_ALLOW | 1 << PEER_SOFTWARE,
	       "what was shown adds up");
	ok(!n->targets[0].changes, "and nothing changed");
	snapshot_free(n);
	before = sequence_of(s);
	change(s, cell, PEER_ALLOW, "A", "B");
	ok(sequence_of(s) > before, "a change is news");
	change(s, cell, PEER_ALLOW, "B", "C");
	change(s, cell, PEER_SDP, "", "pcmu");
	if (snapshot_take(&n, s, 0))
		return;
	is_int(n->targets[0].changes[PEER_ALLOW], 2, "each change counts");
	is_int(n->targets[0].changes[PEER_SDP], 1, "of its trait");
	is_int(n->targets[0].changes[PEER_SOFTWARE], 0, "alone");
	snapshot_free(n);
}

static void test_status(struct store *s, struct store_target *cell)
{
	struct status_trunk *t;

	if (status_trunk_take(&t, s, "a"))
		return;
	is_int(t->targets[0].change_counts[PEER_ALLOW], 2, "people see how many");
	is_str(t->targets[0].changes[PEER_ALLOW]->before, "B",
	       "the last two values: one");
	is_str(t->targets[0].changes[PEER_ALLOW]->now, "C", "and the other");
	is_int(t->targets[0].changes[PEER_ALLOW]->before_unix_ns, 1000, "since when");
	ok(!t->targets[0].changes[PEER_KEY], "of what did not change nothing");
	change(s, cell, PEER_ALLOW, "C", "D");
	is_str(t->targets[0].changes[PEER_ALLOW]->now, "C", "a copy stays as it is");
	status_trunk_free(t);
}

int main(void)
{
	struct store *s = NULL;
	struct store_target *cell;

	if (store_alloc(&s, bounds, 1))
		return 1;
	cell = store_target_add(s, store_trunk_add(s, &trunk), &udp);
	test_snapshot(s, cell);
	test_status(s, cell);
	change(s, NULL, PEER_ALLOW, "a", "b");
	store_peer_shown(s, NULL, 1);
	ok(true, "no target, no harm");
	store_free(s);
	return tap_done();
}

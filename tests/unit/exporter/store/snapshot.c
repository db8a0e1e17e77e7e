/* Snapshots over several blocks, of rows of any size and with all that rows may have. */
#include <stdlib.h>

#include "exporter/store/labels.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/store.h"
#include "tests/unit/tap.h"

/* As copy_arena.c has it: what a block holds when nothing larger is asked for. */
#define BLOCK_BYTES ((size_t)1 << 18)

static const double bounds[] = {0.001, 0.01, 0.1, 1};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};
static const struct engine_target tls = {"OPTIONS", "192.0.2.1:5061", "tls"};

static struct store *store_make(void)
{
	struct store *s = NULL;

	if (store_alloc(&s, bounds, sizeof(bounds) / sizeof(*bounds)))
		exit(1);
	return s;
}

/* @bytes: of its one label besides the name. Not for whoever looks a trunk up. */
static struct store_trunk *trunk_make(struct store *s, const char *name, size_t bytes)
{
	char *value = malloc(bytes + 1);
	struct config_pair label = {"site", value};
	/* Whose settings are asked for when there is a target. */
	static struct config_trunk t;
	struct store_trunk *row;

	t = (struct config_trunk){
		.name = name, .uri = "sip:192.0.2.1", .labels = &label, .label_count = 1};

	memset(value, 'x', bytes);
	value[bytes] = '\0';
	row = store_trunk_add(s, &t);
	free(value);
	return row;
}

static size_t blocks_of(const struct snapshot *n)
{
	size_t count = 0;

	for (const struct copy_arena_block *b = n->blocks; b; b = b->next)
		count++;
	return count;
}

/* Whether row @i is trunk t@i with a label of @bytes and one target that carries it. */
static bool is_whole(const struct snapshot *n, size_t i, size_t bytes)
{
	const struct snapshot_trunk *t = &n->trunks[i];
	struct slice name = labels_find(t->labels, "trunk");
	const struct snapshot_target *target = &n->targets[t->target_first];
	char want[24];

	snprintf(want, sizeof(want), "t%05zu", i);
	return name.l == strlen(want) && !memcmp(name.p, want, name.l) &&
	       labels_find(t->labels, "site").l == bytes && t->target_count == 1 &&
	       labels_find(target->labels, "site").l == bytes &&
	       labels_find(target->labels, "address").l == 14;
}

static void test_blocks(void)
{
	enum { TRUNKS = 3000, BYTES = 200 };
	struct store *s = store_make();
	struct snapshot *n = NULL;
	size_t whole = 0;

	for (size_t i = 0; i < TRUNKS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%05zu", i);
		store_target_add(s, trunk_make(s, name, BYTES), &udp);
	}
	is_int(snapshot_take(&n, s, 0), 0, "a snapshot of 3000 trunks");
	is_int((long long)n->trunk_count, TRUNKS, "holds all of them");
	is_int((long long)n->target_count, TRUNKS, "and their targets");
	for (size_t i = 0; i < n->trunk_count; i++)
		whole += is_whole(n, i, BYTES);
	is_int((long long)whole, TRUNKS, "each whole and in its place");
	ok(blocks_of(n) > 3, "in %zu blocks", blocks_of(n));
	snapshot_free(n);
	store_free(s);
}

/* A row that does not fit what is left of a block, or any block, is not left out. */
static void test_large_rows(void)
{
	static const size_t sizes[] = {
		10, 100000, BLOCK_BYTES, 20, BLOCK_BYTES - 1, 3 * BLOCK_BYTES, 30};
	enum { TRUNKS = sizeof(sizes) / sizeof(*sizes) };
	struct store *s = store_make();
	struct snapshot *n = NULL;

	for (size_t i = 0; i < TRUNKS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%05zu", i);
		store_target_add(s, trunk_make(s, name, sizes[i]), &udp);
	}
	is_int(snapshot_take(&n, s, 0), 0, "a snapshot with rows larger than a block");
	is_int((long long)n->trunk_count, TRUNKS, "holds each of them once");
	for (size_t i = 0; i < n->trunk_count; i++)
		ok(is_whole(n, i, sizes[i]), "a row of %zu bytes", sizes[i]);
	snapshot_free(n);
	store_free(s);
}

/* More targets in one row than rows were ever expected to have. */
static void test_many_targets(void)
{
	enum { TARGETS = 1000 };
	struct store *s = store_make();
	struct store_trunk *row = trunk_make(s, "t00000", 1);
	struct snapshot *n = NULL;
	size_t right = 0;

	for (int i = 0; i < TARGETS; i++) {
		char address[32];

		snprintf(address, sizeof(address), "192.0.2.1:%d", 10000 + i);
		store_target_add(s, row,
				 &(struct engine_target){"OPTIONS", address, "udp"});
	}
	is_int(snapshot_take(&n, s, 0), 0, "a snapshot of 1000 targets of a trunk");
	is_int((long long)n->trunks[0].target_count, TARGETS, "holds all of them");
	for (size_t i = 0; i < n->target_count; i++) {
		struct slice a = labels_find(n->targets[i].labels, "address");

		right += (size_t)atoi(a.p + sizeof("192.0.2.1:") - 1) == 10000 + i;
	}
	is_int((long long)right, TARGETS, "in the order of their addition");
	ok(!n->trunks[0].own_file.l && !n->trunks[0].own_use.l &&
		   !n->trunks[0].own.from_s && !n->trunks[0].bill &&
		   !n->trunks[0].inbound,
	   "and nothing that it has not");
	snapshot_free(n);
	store_free(s);
}

static void is_slice(struct slice got, const char *want, const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)got.l, got.p);
	is_str(text, want, name);
}

/* What only some rows have is copied with them, and room is made for it. */
static void test_all_parts(void)
{
	struct probe_result r = probe_result_none();
	struct store *s = store_make();
	struct store_trunk *row = trunk_make(s, "t00000", 1);
	struct store_target *cell = store_target_add(s, row, &tls);
	struct snapshot *n = NULL;

	store_keep_native(s, 3, 20);
	store_keep_exemplars(s);
	store_inbound(s, row, "INVITE", 5);
	store_trunk_certificate(s, row, "/etc/ssl/me.pem",
				&(struct tls_own){.not_after_s = 77});
	r.code = 200;
	r.begun_unix_ns = 9;
	r.phase_ns[PROBE_PHASE_ANSWER] = 5000000;
	snprintf(r.call_id, sizeof(r.call_id), "abc");
	store_probe_done(s, cell, &r);
	r = probe_result_none();
	r.outcome = PROBE_TLS;
	r.verdict = PROBE_DOWN;
	r.tls_cause = TLS_FAILURE_EXPIRED;
	store_probe_done(s, cell, &r);

	is_int(snapshot_take(&n, s, SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS), 0, "taken");
	is_int(n->trunks[0].inbound->requests[1], 1, "requests of the peer");
	ok(n->trunks[0].own_file.l == 13 &&
		   !memcmp(n->trunks[0].own_file.p, "file=\"me.pem\"", 13),
	   "our certificate's file");
	is_int(n->trunks[0].own.until_s, 77, "and its end");
	ok(n->trunks[0].own_use.l == 30 &&
		   !memcmp(n->trunks[0].own_use.p, "file=\"me.pem\",purpose=\"client\"",
			   30),
	   "and what it is shown as");
	is_int(n->targets[0].tls->failures[TLS_FAILURE_EXPIRED], 1, "causes of TLS");
	is_slice(n->trunks[0].info, "uri=\"sip:192.0.2.1\",transport=\"\",profile=\"\"",
		 "what is told of the trunk alone");
	ok(!n->targets[0].classic, "no target is without a native histogram for ever");
	is_slice(n->targets[0].labels,
		 "trunk=\"t00000\",site=\"x\",method=\"OPTIONS\","
		 "address=\"192.0.2.1:5061\",transport=\"tls\"",
		 "labels of both");
	is_int((long long)n->targets[0].code_count, 1, "codes");
	is_int(n->targets[0].codes[0].how, 200, "the one that came");
	is_int((long long)n->targets[0].exemplar_count, 1, "exemplars");
	is_str(n->targets[0].exemplars[0].call_id, "abc", "whose");
	ok(n->native_kept && n->targets[0].native, "a native histogram");
	is_int(n->targets[0].counts[1], 1, "and the classic one");
	snapshot_free(n);

	is_int(snapshot_take(&n, s, 0), 0, "taken without");
	ok(!n->native_kept && !n->targets[0].native && !n->targets[0].exemplars &&
		   !n->targets[0].exemplar_count,
	   "what was not asked for is not there");
	snapshot_free(n);
	store_free(s);
}

static const struct config_settings all_settings = {
	.mark_copies = true,
	.methods = 1 << CONFIG_METHOD_OPTIONS | 1 << CONFIG_METHOD_INVITE};

/* A cell with all that one may have, whatever its kind. */
static void fill(struct store *s, struct store_target *cell)
{
	struct probe_result r = probe_result_none();

	for (unsigned i = 0; i < 3; i++) {
		r.code = 200 + 100 * i;
		r.phase_ns[PROBE_PHASE_ANSWER] = 5000000 << (4 * i);
		snprintf(r.call_id, sizeof(r.call_id), "call-%u", i);
		store_probe_done(s, cell, &r);
	}
	store_peer_changed(s, cell, &(struct peer_change){.before = "a", .now = "b"});
	store_survey_size(s, cell, &(struct survey_size_report){.bytes = 1});
	store_survey_train(s, cell, &(struct survey_train_report){.requests = 1});
}

/*
 * A row that is larger than any block gets one of its own, as large as it needs: what is
 * reckoned ahead and what is copied then are the same, to the byte.
 */
static void test_room(void)
{
	static const unsigned parts[] = {0, SNAPSHOT_NATIVE, SNAPSHOT_EXEMPLARS,
					 SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS};
	static const struct engine_target invite = {"INVITE", "192.0.2.1:5060", "udp"};
	static char value[BLOCK_BYTES + 1];
	const struct config_pair label = {"site", value};
	const struct config_trunk conf = {.name = "a",
					  .uri = "sip:192.0.2.1",
					  .labels = &label,
					  .label_count = 1,
					  .settings = &all_settings};
	struct store *s = store_make();
	struct store_trunk *row;

	memset(value, 'x', BLOCK_BYTES);
	store_keep_native(s, 3, 20);
	store_keep_exemplars(s);
	row = store_trunk_add(s, &conf);
	fill(s, store_target_add(s, row, &udp));
	fill(s, store_target_add(s, row, &tls));
	fill(s, store_target_add(s, row, &invite));
	store_inbound(s, row, "INVITE", 5);
	store_trunk_certificate(s, row, "/me.pem", &(struct tls_own){.not_after_s = 7});
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		struct snapshot *n = NULL;

		is_int(snapshot_take(&n, s, parts[i]), 0, "taken");
		is_int((long long)n->blocks->len, (long long)n->blocks->cap,
		       "with not a byte too many or too few");
		is_int((long long)blocks_of(n), 1, "in one block");
		ok(!n->targets[0].native == !(parts[i] & SNAPSHOT_NATIVE) &&
			   n->targets[0].exemplar_count ==
				   (parts[i] & SNAPSHOT_EXEMPLARS ? 3 : 0),
		   "with what was asked for");
		ok(n->targets[0].counts[1] == 1 && n->targets[0].counts[2] == 1 &&
			   !n->targets[0].counts[3] && n->targets[0].counts[4] == 1,
		   "and the classic histogram, to its last bucket");
		snapshot_free(n);
	}
	store_free(s);
}

static void test_empty(void)
{
	struct store *s = store_make();
	struct snapshot *n = NULL;

	is_int(snapshot_take(&n, s, SNAPSHOT_NATIVE), 0, "a snapshot of nothing");
	ok(!n->trunk_count && !n->target_count, "holds nothing");
	snapshot_free(n);
	snapshot_free(NULL);
	store_free(s);
	store_free(NULL);
}

int main(void)
{
	test_blocks();
	test_large_rows();
	test_many_targets();
	test_all_parts();
	test_room();
	test_empty();
	return tap_done();
}

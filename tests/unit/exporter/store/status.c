/* The list of all trunks: which rows it has, what a row says, and how large one may be.
 */
#include "tests/unit/exporter/store/status_list.h"

static const struct engine_target tls = {"OPTIONS", "192.0.2.1:5061", "tls"};

static void is_slice(struct slice got, const char *want, const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)got.l, got.p ? got.p : "");
	is_str(text, want, name);
}

/* --- which rows --- */

static void test_compare(void)
{
	static const struct {
		const char *a, *b;
		int want;
	} cases[] = {{"a", "a", 0},   {"a", "b", -1}, {"b", "ab", 1},
		     {"a", "ab", -1}, {"ab", "a", 1}, {"", "", 0}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct slice a = {cases[i].a, strlen(cases[i].a)};
		const struct slice b = {cases[i].b, strlen(cases[i].b)};
		int got = status_name_compare(a, b);

		ok((got > 0) - (got < 0) == cases[i].want, "\"%s\" and \"%s\"", a.p, b.p);
	}
}

static void test_order(void)
{
	static const char *const names[] = {"b", "ab", "c", "a", "abc", "B"};
	static const char *const want[] = {"B", "a", "ab", "abc", "b", "c"};
	struct config_trunk conf[COUNT(names)];
	struct store *s = store_make();
	struct status_list *l;

	for (size_t i = 0; i < COUNT(names); i++) {
		conf[i] = trunk;
		conf[i].name = names[i];
		store_trunk_add(s, &conf[i]);
	}
	l = take(s, (struct status_query){0});
	is_int((long long)l->count, COUNT(names), "all");
	for (size_t i = 0; i < l->count; i++)
		is_slice(l->rows[i].name, want[i], "by name");
	status_list_free(l);
	status_list_free(NULL);
	store_free(s);
}

static void test_chosen(void)
{
	enum { UP = 1 << HEALTH_UP, DOWN = 1 << HEALTH_DOWN, NEW = 1 << HEALTH_UNKNOWN };
	static const struct {
		const char *name;
		unsigned states;
		size_t count;
	} cases[] = {
		{"any", 0, 4},
		{"down", DOWN, 1},
		{"up or down", UP | DOWN, 2},
		{"degraded", 1 << HEALTH_DEGRADED, 0},
		{"paused", STATUS_PAUSED, 1},
		{"unknown, paused or not", NEW, 2},
	};
	struct config_trunk conf[4];
	struct store_trunk *rows[4];
	struct store *s = store_make();
	struct status_list *l;
	uint64_t before;

	for (int i = 0; i < 4; i++) {
		conf[i] = trunk;
		rows[i] = store_trunk_add(s, &conf[i]);
	}
	store_trunk_state(s, rows[0], &(struct engine_change){.to = HEALTH_UP}, 5);
	store_trunk_state(s, rows[1], &(struct engine_change){.to = HEALTH_DOWN}, 5);
	store_trunk_paused(s, rows[2], true, 77);
	for (size_t i = 0; i < COUNT(cases); i++) {
		l = take(s, (struct status_query){.states = cases[i].states});
		is_int((long long)l->count, (long long)cases[i].count, cases[i].name);
		ok(l->states[HEALTH_UP] == 1 && l->states[HEALTH_DOWN] == 1 &&
			   l->states[HEALTH_UNKNOWN] == 2 && l->paused == 1,
		   "whatever is asked for, all are counted");
		status_list_free(l);
	}
	l = take(s, (struct status_query){0});
	before = l->sequence;
	status_list_free(l);
	l = take(s, (struct status_query){.since = before});
	is_int((long long)l->count, 0, "nothing changed since");
	status_list_free(l);
	store_trunk_inbound(s, rows[3], true);
	l = take(s, (struct status_query){.since = before});
	ok(l->count == 1 && l->rows[0].inbound_missing == 1, "one did, and how");
	is_int((long long)(l->sequence - before), 1, "which is a step");
	status_list_free(l);
	store_free(s);
}

static void test_of_the_store(void)
{
	struct store *s = store_make();
	struct status_list *l;
	struct store_trunk *row;
	uint64_t generation = status_generation(s);

	ok(llabs(status_begun_ns(s) - clock_wall_ns()) < 60 * CLOCK_NS_PER_S, "its run");
	l = take(s, (struct status_query){0});
	ok(!l->count && l->begun_unix_ns == status_begun_ns(s) &&
		   l->generation == generation,
	   "an empty list tells the same");
	status_list_free(l);
	row = store_trunk_add(s, &trunk);
	ok(status_generation(s) > generation, "another set of trunks");
	l = take(s, (struct status_query){0});
	ok(l->generation == status_generation(s), "which a list tells");
	status_list_free(l);
	generation = status_generation(s);
	store_trunk_move(s, row, &trunk);
	ok(status_generation(s) > generation, "in another order");
	generation = status_generation(s);
	store_trunk_addresses(s, row, 1, 1);
	ok(status_generation(s) == generation, "the same");
	store_trunk_remove(s, row);
	ok(status_generation(s) > generation, "without one");
	store_free(s);
}

/* --- what a row says --- */

static void test_row(void)
{
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk);
	struct status_list *l;

	store_trunk_addresses(s, row, 3, 2);
	store_trunk_state(s, row, &(struct engine_change){.to = HEALTH_DOWN}, 7000);
	l = take(s, (struct status_query){0});
	is_slice(l->rows[0].labels, "trunk=\"a\"", "labels");
	is_slice(l->rows[0].info, "uri=\"sip:sbc.example\",transport=\"\",profile=\"\"",
		 "its URI");
	ok(l->rows[0].addresses == 3 && l->rows[0].addresses_up == 2, "addresses");
	ok(l->rows[0].state == HEALTH_DOWN && l->rows[0].since_unix_ns == 7000, "state");
	is_int(l->rows[0].problems, 1 << PROBLEM_DOWN, "what is wrong with it");
	ok(!l->rows[0].target.l && !l->rows[0].last_unix_ns, "no target, no probe");
	status_list_free(l);
	store_free(s);
}

/* A name that does not resolve is all there is of a trunk. */
static void test_name(void)
{
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk);
	struct store_target *cell;
	struct status_list *l;

	store_trunk_dns_failed(s, row, "no such name", DNS_HINT_NONE);
	l = take(s, (struct status_query){0});
	is_slice(l->rows[0].said, "no such name", "why");
	ok(l->rows[0].last.outcome == PROBE_DNS && l->rows[0].last.verdict == PROBE_DOWN,
	   "as a probe that failed");
	ok(l->rows[0].last.latency_us == HISTORY_NO_LATENCY, "without a latency");
	ok(llabs(l->rows[0].last_unix_ns - clock_wall_ns()) < 60 * CLOCK_NS_PER_S, "now");
	status_list_free(l);
	cell = store_target_add(s, row, &udp);
	l = take(s, (struct status_query){0});
	ok(!l->rows[0].said.l && !l->rows[0].last_unix_ns && l->rows[0].target.l,
	   "with an address that tells more");
	status_list_free(l);
	probe(s, cell, result(0, 5, ""));
	l = take(s, (struct status_query){0});
	is_int(l->rows[0].last.outcome, PROBE_TIMEOUT, "as soon as it was probed");
	status_list_free(l);
	store_free(s);
}

static const struct {
	const char *name;
	struct {
		unsigned code; /* 0: not answered */
		bool tried;
	} cells[3];
	int worst;
} worst_cases[] = {
	{"none was tried", {{0, false}, {0, false}, {0, false}}, 0},
	{"the one that was", {{0, false}, {200, true}, {0, false}}, 1},
	{"the first of equals", {{0, false}, {200, true}, {200, true}}, 1},
	{"one degraded", {{200, true}, {200, true}, {503, true}}, 2},
	{"one that is not answered", {{503, true}, {0, true}, {200, true}}, 1},
	{"the first of those", {{0, true}, {503, true}, {0, true}}, 0},
};

static void test_worst(void)
{
	for (size_t i = 0; i < COUNT(worst_cases); i++) {
		struct store *s = store_make();
		struct store_trunk *row = store_trunk_add(s, &trunk);
		struct status_list *l;
		char address[3][32];

		for (int k = 0; k < 3; k++) {
			struct store_target *cell;

			snprintf(address[k], sizeof(address[k]), "192.0.2.%d:5060", k);
			cell = store_target_add(
				s, row,
				&(struct engine_target){"OPTIONS", address[k], "udp"});
			if (worst_cases[i].cells[k].tried)
				probe(s, cell,
				      result(worst_cases[i].cells[k].code, 9, "word"));
		}
		l = take(s, (struct status_query){0});
		is_slice(labels_find(l->rows[0].target, "address"),
			 address[worst_cases[i].worst], worst_cases[i].name);
		status_list_free(l);
		store_free(s);
	}
}

/* Of its last probes as many as are asked for, the oldest of them first. */
static void test_recent(void)
{
	static const struct {
		unsigned recent, count;
		uint32_t first_us;
	} cases[] = {{0, 0, 0}, {1, 1, 4}, {3, 3, 2}, {4, 4, 1}, {9, 4, 1}};
	struct store *s = store_make();
	struct store_target *cell = store_target_add(s, store_trunk_add(s, &trunk), &udp);
	struct status_list *l;

	for (int i = 1; i <= 4; i++)
		probe(s, cell, result(200, i, "Fine"));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct status_row *row;

		l = take(s, (struct status_query){.recent = cases[i].recent});
		row = &l->rows[0];
		ok(row->probe_count == cases[i].count, "%u probes", cases[i].count);
		for (unsigned k = 0; k < row->probe_count; k++)
			is_int(row->probes[k].latency_us, cases[i].first_us + k, "one");
		is_slice(row->said, "Fine", "what was said last");
		ok(row->last_unix_ns == 4 * CLOCK_NS_PER_S && row->last.latency_us == 4,
		   "of the last one");
		status_list_free(l);
	}
	store_free(s);

	/* Without room for a target's probes there are none of it. */
	if (store_alloc(&s, bounds, 1))
		exit(1);
	store_target_add(s, store_trunk_add(s, &trunk), &udp);
	l = take(s, (struct status_query){.recent = 5});
	is_int(l->rows[0].probe_count, 0, "where none are kept");
	status_list_free(l);
	store_free(s);
}

static void test_expiry(void)
{
	static const int64_t ends_s[] = {500, 0, 400, 450};
	struct probe_result r = result(200, 1, "");
	struct store_target *cells[COUNT(ends_s)];
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk);
	struct status_list *l;

	for (size_t i = 0; i < COUNT(ends_s); i++)
		cells[i] = store_target_add(s, row, &tls);
	l = take(s, (struct status_query){0});
	is_int(l->rows[0].cert_not_after_s, 0, "no certificate was shown");
	status_list_free(l);
	for (size_t i = 0; i < COUNT(ends_s); i++) {
		r.cert_not_after_s = ends_s[i];
		store_probe_done(s, cells[i], &r);
	}
	l = take(s, (struct status_query){0});
	is_int(l->rows[0].cert_not_after_s, 400, "the earliest end");
	status_list_free(l);
	store_free(s);
}

static void test_lost(void)
{
	struct store *s = store_make();
	struct store_trunk *row = store_trunk_add(s, &trunk);
	struct status_list *l;

	store_probe_settled(s, store_target_add(s, row, &udp),
			    &(struct probe_loss){.requests = 9, .lost = 2});
	for (int i = 0; i < 3; i++)
		store_trunk_state(
			s, row,
			&(struct engine_change){.to = i % 2 ? HEALTH_DOWN : HEALTH_UP},
			clock_wall_ns());
	l = take(s, (struct status_query){0});
	ok(l->rows[0].requests == 9 && l->rows[0].lost == 2, "what was lost");
	is_int(l->rows[0].flaps, 3, "changes of its state");
	status_list_free(l);
	store_free(s);
}

int main(void)
{
	test_compare();
	test_order();
	test_chosen();
	test_of_the_store();
	test_row();
	test_name();
	test_worst();
	test_recent();
	test_expiry();
	test_lost();
	return tap_done();
}

/* Trunks' rows as a scrape sees them: what they are, how they stand, who called them. */
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/status.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const double bounds[] = {1};
static const struct config_settings settings;
static const struct config_settings calling = {.methods = 1 << CONFIG_METHOD_INVITE};
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:a.example", .settings = &settings};
static const struct config_trunk second = {
	.name = "b", .uri = "sip:192.0.2.1", .settings = &settings};
static const struct config_trunk caller = {
	.name = "c", .uri = "sip:192.0.2.1", .settings = &calling};

struct world {
	struct store *s;
	struct store_trunk *row;
	struct snapshot *seen; /* of the last look, or NULL */
	uint64_t sequence;     /* then */
};

static void begin(struct world *w)
{
	*w = (struct world){NULL};
	if (store_alloc(&w->s, bounds, 1))
		exit(1);
	w->row = store_trunk_add(w->s, &trunk);
}

static void end(struct world *w)
{
	snapshot_free(w->seen);
	store_free(w->s);
}

static const struct snapshot_trunk *look(struct world *w)
{
	snapshot_free(w->seen);
	if (snapshot_take(&w->seen, w->s, 0))
		exit(1);
	return w->seen->trunks;
}

/* How many rows changed since it was asked the last time. */
static size_t news(struct world *w)
{
	struct status_list *l = NULL;
	size_t count;

	if (status_list_take(&l, w->s, &(struct status_query){.since = w->sequence}))
		exit(1);
	count = l->count;
	w->sequence = l->sequence;
	status_list_free(l);
	return count;
}

static void test_new(void)
{
	const struct snapshot_trunk *t;
	struct world w;

	begin(&w);
	t = look(&w);
	ok(t->stats.state == HEALTH_UNKNOWN && t->stats.inbound_missing == -1 &&
		   !t->stats.addresses_known && !t->stats.paused && !t->stats.calls &&
		   !t->stats.state_changes,
	   "nothing is known of a new one");
	ok(!t->bill && !t->inbound && !t->own_file.l, "which few have, it has not");
	ok(llabs(t->since_unix_ns - clock_wall_ns()) < 60 * CLOCK_NS_PER_S, "since now");
	ok(!w.seen->exporter.calls && w.seen->exporter.trunks == 1, "one of one");
	store_trunk_add(w.s, &caller);
	store_trunk_add(w.s, &second);
	t = look(&w);
	ok(t[1].stats.calls && t[1].bill && !t[1].bill->answered, "one that makes calls");
	ok(!t[2].stats.calls && !t[2].bill && w.seen->exporter.calls, "and one more");
	end(&w);
}

/* Each of these is told to who asks for what is new, and of that trunk alone. */
static void turn_state(struct world *w)
{
	store_trunk_state(w->s, w->row, &(struct engine_change){.to = HEALTH_UP}, 5);
}

static void turn_paused(struct world *w)
{
	store_trunk_paused(w->s, w->row, true, 0);
}

static void turn_addresses(struct world *w)
{
	store_trunk_addresses(w->s, w->row, 2, 1);
}

static void turn_failed(struct world *w)
{
	store_trunk_dns_failed(w->s, w->row, "no", DNS_HINT_NONE);
}

static void turn_certificate(struct world *w)
{
	store_trunk_certificate(w->s, w->row, "/me.pem", &(struct tls_own){3, 9});
}

static void turn_missing(struct world *w)
{
	store_trunk_inbound(w->s, w->row, true);
}

static void turn_inbound(struct world *w)
{
	store_inbound(w->s, w->row, "OPTIONS", 77);
}

static void turn_open(struct world *w)
{
	store_calls_open(w->s, "a", 3);
}

static void turn_not_ended(struct world *w)
{
	store_call_not_ended(w->s, "a");
}

static void turn_target(struct world *w)
{
	store_target_add(w->s, w->row, &(struct engine_target){"OPTIONS", "a", "udp"});
}

static const struct {
	const char *name;
	void (*turn)(struct world *w);
} all_turns[] = {
	{"a target", turn_target},
	{"its state", turn_state},
	{"a pause", turn_paused},
	{"addresses", turn_addresses},
	{"a name that fails", turn_failed},
	{"our certificate", turn_certificate},
	{"pings that stay out", turn_missing},
	{"a request", turn_inbound},
	{"calls that are open", turn_open},
	{"one that did not end", turn_not_ended},
};

static void test_news(void)
{
	struct world w;

	begin(&w);
	store_trunk_add(w.s, &second);
	is_int((long long)news(&w), 2, "those that came");
	is_int((long long)news(&w), 0, "are news once");
	for (size_t i = 0; i < COUNT(all_turns); i++) {
		all_turns[i].turn(&w);
		ok(news(&w) == 1, "%s: news of one", all_turns[i].name);
	}
	end(&w);
}

/* What a trunk that makes calls is told of besides. */
static void test_call_news(void)
{
	const struct call_report r = {.answered = true};
	struct world w;

	begin(&w);
	store_trunk_add(w.s, &caller);
	(void)news(&w);
	store_call_made(w.s, "a", &r);
	is_int((long long)news(&w), 0, "one that makes none has none");
	store_call_made(w.s, "c", &r);
	is_int((long long)news(&w), 1, "a call is news");
	is_int(look(&w)[1].bill->answered, 1, "and counted");
	end(&w);
}

static void test_seen(void)
{
	const struct snapshot_trunk *t;
	struct world w;

	begin(&w);
	for (size_t i = 0; i < COUNT(all_turns); i++)
		if (all_turns[i].turn != turn_paused)
			all_turns[i].turn(&w);
	turn_failed(&w);
	turn_inbound(&w);
	t = look(&w);
	ok(t->stats.state == HEALTH_UP && t->stats.state_changes == 1, "its state");
	is_int(t->since_unix_ns, 5, "since when");
	ok(t->stats.addresses == 2 && t->stats.addresses_up == 1 &&
		   t->stats.addresses_known,
	   "addresses");
	is_int(t->stats.dns_failures, 2, "how often its name failed");
	is_int(t->own.until_s, 9, "our certificate's end");
	ok(t->own.from_s == 3 && t->own.until_s == 9 && !t->own.unfit, "and its worth");
	is_int(t->stats.inbound_missing, 1, "pings that stay out");
	ok(t->inbound->requests[0] == 2 && !t->inbound->requests[1], "its requests");
	is_int(t->inbound->options_unix_ns, 77, "and the last ping");
	store_trunk_inbound(w.s, w.row, false);
	is_int(look(&w)->stats.inbound_missing, 0, "they come");
	store_trunk_inbound(w.s, NULL, true);
	store_trunk_certificate(w.s, NULL, "/me.pem", &(struct tls_own){3, 9});
	end(&w);
}

/* --- pauses --- */

/* A pause, begun or ended, leaves nothing of the state before; its end may move. */
static void test_paused(void)
{
	struct world w;

	begin(&w);
	turn_state(&w);
	turn_missing(&w);
	store_trunk_paused(w.s, w.row, false, 9);
	ok(look(&w)->stats.state == HEALTH_UP && look(&w)->stats.inbound_missing == 1 &&
		   look(&w)->since_unix_ns == 5,
	   "one that is not paused goes on as it was");
	is_int(look(&w)->stats.paused_until_s, 0, "without an end");
	store_trunk_paused(w.s, w.row, true, 9);
	ok(look(&w)->stats.paused && look(&w)->stats.state == HEALTH_UNKNOWN &&
		   look(&w)->stats.inbound_missing == -1 &&
		   look(&w)->since_unix_ns > 1000,
	   "a pause begins");
	is_int(look(&w)->stats.paused_until_s, 9, "and when it will end");
	turn_state(&w);
	store_trunk_paused(w.s, w.row, false, 9);
	ok(look(&w)->stats.state == HEALTH_UNKNOWN && !look(&w)->stats.paused,
	   "what was told of before its end is void");
	end(&w);
}

static void test_paused_by_settings(void)
{
	const int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	const struct {
		const char *name;
		struct config_pause pause;
		bool paused;
		int64_t until_s;
	} cases[] = {
		{"not at all", {.on = false, .until_s = now_s + 100}, false, 0},
		{"for good", {.on = true}, true, 0},
		{"for a while", {.on = true, .until_s = now_s + 100}, true, now_s + 100},
		{"until a while ago", {.on = true, .until_s = now_s - 100}, false, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct config_settings set = {.pause = cases[i].pause};
		const struct config_trunk conf = {
			.name = "p", .uri = "sip:p.example", .settings = &set};
		const struct snapshot_trunk *t;
		struct world w;

		begin(&w);
		store_trunk_add(w.s, &conf);
		t = &look(&w)[1];
		ok(t->stats.paused == cases[i].paused &&
			   t->stats.paused_until_s == cases[i].until_s,
		   "paused by its settings: %s", cases[i].name);
		end(&w);
	}
}

/* --- down since --- */

static void test_down_since(void)
{
	struct world w;

	begin(&w);
	is_int(store_down_since_unix_ns(w.s, "a"), 0, "not known to be down");
	turn_state(&w);
	is_int(store_down_since_unix_ns(w.s, "a"), 0, "up");
	store_trunk_state(w.s, w.row, &(struct engine_change){.to = HEALTH_DOWN}, 7000);
	is_int(store_down_since_unix_ns(w.s, "a"), 7000, "down");
	end(&w);
}

/* As if the wall clock had been set by an hour since it was looked at last. */
static void clock_is_set(struct world *w)
{
	w->s->wall_offset_ns -= 3600 * CLOCK_NS_PER_S;
}

static bool is_about(int64_t got_ns, int64_t want_ns)
{
	return llabs(got_ns - want_ns) < CLOCK_NS_PER_MS;
}

/* A state is as old as it was, whoever is asked, and whatever is told meanwhile. */
static void test_clock(void)
{
	const int64_t at_ns = 1700000000 * CLOCK_NS_PER_S;
	struct world w;

	begin(&w);
	store_trunk_state(w.s, w.row, &(struct engine_change){.to = HEALTH_DOWN}, at_ns);
	clock_is_set(&w);
	ok(is_about(store_down_since_unix_ns(w.s, "a"), at_ns), "it is followed");
	clock_is_set(&w);
	store_trunk_state(w.s, w.row, &(struct engine_change){.to = HEALTH_UP}, at_ns);
	ok(is_about(look(&w)->since_unix_ns, at_ns), "before a state is told");
	end(&w);
}

/* --- names that fail --- */

static struct status_trunk *take(struct world *w)
{
	struct status_trunk *t = NULL;

	if (status_trunk_take(&t, w->s, "a"))
		exit(1);
	return t;
}

static bool is_word(struct slice got, const char *want)
{
	return got.l == strlen(want) && !memcmp(got.p ? got.p : "", want, got.l);
}

static void test_words(void)
{
	static const struct {
		const char *failed, *resolved; /* one of them; NULL: it did not */
		const char *said, *note;       /* afterwards */
	} steps[] = {
		{NULL, "", "", ""},	     {NULL, "odd", "", "odd"},
		{"one", NULL, "one", "odd"}, {"one", NULL, "one", "odd"},
		{"two", NULL, "two", "odd"}, {NULL, "odd", "two", "odd"},
		{NULL, "", "two", ""},	     {NULL, "", "two", ""},
	};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct status_trunk *t;

		if (steps[i].failed)
			store_trunk_dns_failed(w.s, w.row, steps[i].failed,
					       DNS_HINT_PORT);
		else
			store_trunk_resolved(w.s, w.row, steps[i].resolved);
		t = take(&w);
		ok(is_word(t->dns_said, steps[i].said) &&
			   is_word(t->dns_note, steps[i].note),
		   "%s, %s", steps[i].said, steps[i].note);
		is_int(t->dns_hint, i < 2 ? DNS_HINT_NONE : DNS_HINT_PORT, "the hint");
		status_trunk_free(t);
	}
	end(&w);
}

/* --- rows made ahead --- */

/* In any order they are found again, and shown to nobody before. */
static void test_prepared(void)
{
	struct world w;

	begin(&w);
	ok(!store_prepare(w.s, &second) && !store_prepare(w.s, &caller), "two are made");
	is_int((long long)(look(&w), w.seen->trunk_count), 1, "and not shown");
	store_trunk_add(w.s, &caller);
	ok(look(&w)[1].stats.calls && w.seen->trunk_count == 2, "the last of them");
	store_trunk_add(w.s, &second);
	ok(!look(&w)[2].stats.calls && w.seen->trunk_count == 3, "and the first");
	store_prepared_drop(w.s);
	is_int((long long)(look(&w), w.seen->trunk_count), 3, "which stay");
	ok(!store_prepare(w.s, &second), "one that nobody adds");
	end(&w);
}

static void test_moved(void)
{
	static const struct config_settings faster = {.interval_us = 1000000};
	const struct config_trunk changed = {
		.name = "a", .uri = "sip:a.example", .settings = &faster};
	struct buffer set = {0};
	struct status_trunk *t;
	uint64_t generation;
	struct world w;

	begin(&w);
	store_trunk_add(w.s, &caller);
	generation = status_generation(w.s);
	store_trunk_move(w.s, w.row, &changed);
	ok(look(&w)[0].stats.calls && !w.seen->trunks[1].stats.calls, "behind the other");
	is_int((long long)(status_generation(w.s) - generation), 1, "in one step");
	status_settings(&set, &faster);
	t = take(&w);
	ok(t->settings.len == set.len && !memcmp(t->settings.data, set.data, set.len),
	   "with the settings in force");
	status_trunk_free(t);
	buffer_clear(&set);
	generation = status_generation(w.s);
	store_trunk_remove(w.s, w.row);
	is_int((long long)(status_generation(w.s) - generation), 1, "gone in one");
	is_int((long long)(look(&w), w.seen->exporter.trunks), 1, "one is left");
	end(&w);
}

int main(void)
{
	test_new();
	test_news();
	test_call_news();
	test_seen();
	test_paused();
	test_paused_by_settings();
	test_down_since();
	test_clock();
	test_words();
	test_prepared();
	test_moved();
	return tap_done();
}

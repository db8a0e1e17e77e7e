/* What surveys of a peer show, as it is kept: the last verdict, and trains added up. */
#include <stdlib.h>

#include "exporter/store/snapshot.h"
#include "exporter/store/status.h"
#include "exporter/store/store.h"
#include "tests/unit/tap.h"

static const double bounds[] = {1};
static const struct config_settings settings;
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:192.0.2.1", .settings = &settings};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};

struct world {
	struct store *s;
	struct store_target *cell;
	struct snapshot *seen; /* of the last look, or NULL */
	uint64_t sequence;     /* then */
};

static void begin(struct world *w)
{
	*w = (struct world){NULL};
	if (store_alloc(&w->s, bounds, 1))
		exit(1);
	w->cell = store_target_add(w->s, store_trunk_add(w->s, &trunk), &udp);
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
	return &w->seen->targets[0];
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

/* In turn; whether who is told of a verdict hears another than before. */
static const struct {
	const char *name;
	struct survey_size_report report;
	bool other;
} sizes[] = {
	{"nothing is known yet", {.verdict = SURVEY_UNKNOWN, .bytes = 1}, false},
	{"it passes", {.verdict = SURVEY_FINE, .bytes = 2}, true},
	{"it still does", {.verdict = SURVEY_FINE, .bytes = 3}, false},
	{"no more", {.verdict = SURVEY_LARGE_OUT, .bytes = 4}, true},
};

static void test_sizes(void)
{
	struct world w;

	begin(&w);
	ok(!look(&w)->size, "no survey of sizes");
	(void)is_news(&w);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const struct survey_size_report *r = &sizes[i].report;

		is_int(store_survey_size(w.s, w.cell, r), sizes[i].other, sizes[i].name);
		ok(look(&w)->size->verdict == r->verdict &&
			   look(&w)->size->bytes == r->bytes,
		   "which is kept");
		ok(is_news(&w), "and is news");
	}
	end(&w);
}

static void test_trains(void)
{
	const struct survey_train_report whole = {10, 8, 1, .jitter_ns = 5};
	const struct survey_train_report cut = {10, 2, 3, .limited = true,
						.jitter_ns = 6};
	const struct stats_train *t;
	struct world w;

	begin(&w);
	ok(!look(&w)->train, "no train yet");
	(void)is_news(&w);
	store_survey_train(w.s, w.cell, &whole);
	store_survey_train(w.s, w.cell, &whole);
	ok(is_news(&w), "one is news");
	store_survey_train(w.s, w.cell, &cut);
	t = look(&w)->train;
	is_int(t->trains, 3, "trains");
	is_int(t->limited, 1, "of which somebody cut one off");
	ok(t->requests == 20 && t->answers == 16 && t->reordered == 2,
	   "what was lost of it says nothing");
	ok(t->last.limited && t->last.jitter_ns == 6, "but it was the last");
	store_survey_train(w.s, w.cell, &whole);
	t = look(&w)->train;
	ok(t->trains == 4 && t->limited == 1 && t->requests == 30, "until the next");
	store_survey_train(w.s, NULL, &whole);
	end(&w);
}

int main(void)
{
	test_sizes();
	test_trains();
	return tap_done();
}

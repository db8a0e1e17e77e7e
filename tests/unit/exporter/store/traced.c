/* Traces kept of trunks: the newest few, by age, each for as long as somebody reads it.
 */
#include "exporter/store/traced.h"

#include <stdlib.h>

#include "exporter/store/status.h"
#include "exporter/store/store.h"
#include "tests/unit/tap.h"

static const double bounds[] = {1};
static const struct config_settings settings;
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:192.0.2.1", .settings = &settings};
static const struct config_trunk other = {
	.name = "b", .uri = "sip:192.0.2.2", .settings = &settings};

static struct traced *traced_of(uint8_t count)
{
	struct traced *t = traced_alloc(&(struct trace_report){.count = count}, false);

	if (!t)
		exit(1);
	return t;
}

static void test_references(void)
{
	struct traced *t = traced_alloc(&(struct trace_report){.count = 7}, true);

	ok(t->by_hand && t->report.count == 7, "what it was made of");
	is_int(atomic_load(&t->refs), 1, "one reference");
	ok(traced_ref(t) == t && atomic_load(&t->refs) == 2, "another");
	traced_unref(t);
	is_int(atomic_load(&t->refs), 1, "let go");
	traced_unref(t);
	ok(!traced_ref(NULL), "none stays none");
	traced_unref(NULL);
}

static void list_begin(struct traced_list *l)
{
	*l = (struct traced_list){.count = 0};
	TAILQ_INIT(&l->list);
}

static void list_end(struct traced_list *l, struct traced **places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		traced_forget(l, &places[i]);
	ok(!l->count && TAILQ_EMPTY(&l->list), "and none is left");
}

/* One of the trunk's takes the place of the one before, and of nobody else's. */
static void test_replaced(void)
{
	struct traced *places[2] = {NULL, NULL};
	struct traced *held = traced_ref(traced_of(1));
	struct traced_list l;

	list_begin(&l);
	traced_keep(&l, &places[0], held);
	traced_keep(&l, &places[1], traced_of(2));
	is_int(l.count, 2, "one each");
	is_int(atomic_load(&held->refs), 2, "kept, and read");
	traced_keep(&l, &places[0], traced_of(3));
	ok(l.count == 2 && places[0]->report.count == 3, "the newer one");
	ok(places[1]->report.count == 2, "the other trunk's stays");
	ok(atomic_load(&held->refs) == 1 && held->report.count == 1,
	   "who reads the former may finish");
	traced_unref(held);
	traced_forget(&l, &places[0]);
	ok(!places[0] && l.count == 1, "forgotten");
	traced_forget(&l, &places[0]);
	is_int(l.count, 1, "once");
	list_end(&l, places, 2);
}

static size_t kept(struct traced *const *places, size_t count)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += places[i] != NULL;
	return found;
}

static void test_most(void)
{
	enum { MANY = TRACED_MAX + 2 };
	struct traced *places[MANY] = {NULL};
	struct traced_list l;

	list_begin(&l);
	for (size_t i = 0; i < TRACED_MAX; i++)
		traced_keep(&l, &places[i], traced_of(1));
	is_int((long long)kept(places, MANY), TRACED_MAX, "as many as are kept");
	traced_keep(&l, &places[0], traced_of(2));
	is_int((long long)kept(places, MANY), TRACED_MAX, "another of one that has some");
	traced_keep(&l, &places[TRACED_MAX], traced_of(1));
	ok(places[0] && !places[1] && places[2], "for one more the oldest goes");
	traced_keep(&l, &places[TRACED_MAX + 1], traced_of(1));
	ok(places[0] && !places[2] && places[3], "then the next");
	is_int(l.count, TRACED_MAX, "never more of them");
	list_end(&l, places, MANY);
}

static bool is_news(struct store *s, uint64_t since)
{
	struct status_list *l = NULL;
	bool any;

	if (status_list_take(&l, s, &(struct status_query){.since = since}))
		exit(1);
	any = l->count;
	status_list_free(l);
	return any;
}

static uint64_t sequence_of(struct store *s)
{
	struct status_list *l = NULL;
	uint64_t sequence;

	if (status_list_take(&l, s, &(struct status_query){0}))
		exit(1);
	sequence = l->sequence;
	status_list_free(l);
	return sequence;
}

static void test_store(void)
{
	const struct trace_report first = {.count = 4}, second = {.count = 5};
	struct store *s = NULL;
	struct status_trunk *t = NULL;
	struct store_trunk *row;
	uint64_t sequence;

	if (store_alloc(&s, bounds, 1))
		exit(1);
	row = store_trunk_add(s, &trunk);
	store_trunk_add(s, &other);
	sequence = sequence_of(s);
	store_traced(s, "gone", &first, true);
	ok(!is_news(s, sequence), "of a trunk that is gone nothing is kept");
	store_traced(s, "a", &first, true);
	ok(is_news(s, sequence), "one is news");
	store_traced(s, "a", &second, false);
	if (!ok(!status_trunk_take(&t, s, "a") && t->traced, "one is seen"))
		return;
	is_int(t->traced->report.count, 5, "the last one");
	ok(!t->traced->by_hand, "and that nobody asked for it");
	store_trunk_remove(s, row);
	ok(t->traced->report.count == 5 && atomic_load(&t->traced->refs) == 1,
	   "by who reads it also when the trunk goes, and by nobody else");
	status_trunk_free(t);
	t = NULL;
	ok(!status_trunk_take(&t, s, "b") && !t->traced, "the other has none");
	status_trunk_free(t);
	store_free(s);
}

int main(void)
{
	test_references();
	test_replaced();
	test_most();
	test_store();
	return tap_done();
}

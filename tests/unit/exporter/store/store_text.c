/* Texts that are kept once, whoever has them. */
#include "exporter/store/store_text.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

static void test_shared(void)
{
	const char *one, *two, *other;
	char text[] = "203.0.113.7:5060";
	struct store_words w;

	store_words_init(&w);
	one = store_words_keep(&w, text);
	two = store_words_keep(&w, "203.0.113.7:5060");
	other = store_words_keep(&w, "203.0.113.7:5061");
	ok(one && one == two, "the same text is kept once");
	ok(other && other != one, "another by itself");
	ok(one != text, "it is a copy");
	is_int((long long)w.index.used, 2, "two are kept");
	store_words_drop(&w, one);
	is_str(two, text, "it stays while somebody has it");
	is_int((long long)w.index.used, 2, "still two");
	store_words_drop(&w, two);
	is_int((long long)w.index.used, 1, "and goes with the last");
	store_words_drop(&w, NULL);
	store_words_drop(&w, other);
	is_int((long long)w.index.used, 0, "none is left");
	store_words_free(&w);
}

/* As many as there are, each is found, and all go. */
static void test_many(void)
{
	enum { MANY = 500 };
	static const char *kept[2][MANY];
	unsigned same = 0;
	struct store_words w;
	char text[16];

	store_words_init(&w);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < MANY; i++) {
			snprintf(text, sizeof(text), "%d", i);
			kept[k][i] = store_words_keep(&w, text);
		}
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		same += kept[0][i] == kept[1][i] && !strcmp(kept[0][i], text);
	}
	is_int(same, MANY, "each once");
	is_int((long long)w.index.used, MANY, "no more than there are");
	for (int i = 0; i < MANY; i++) {
		store_words_drop(&w, kept[0][i]);
		store_words_drop(&w, kept[1][i]);
	}
	is_int((long long)w.index.used, 0, "all go");
	store_words_free(&w);
}

/* Without room in the index a text is kept for one, and freed as any other. */
static void test_no_memory(void)
{
	const char *alone, *shared, *again;
	struct store_words w;

	store_words_init(&w);
	countdown = 0;
	ok(!store_words_keep(&w, "a"), "without memory nothing");
	countdown = 1;
	alone = store_words_keep(&w, "a");
	countdown = -1;
	is_str(alone, "a", "without an index it is kept");
	is_int((long long)w.index.used, 0, "but not found");
	shared = store_words_keep(&w, "a");
	again = store_words_keep(&w, "a");
	ok(shared != alone && again == shared, "the next one is");
	store_words_drop(&w, alone);
	is_int((long long)w.index.used, 1, "the one goes without the other");
	is_str(shared, "a", "which stays");
	store_words_drop(&w, shared);
	store_words_drop(&w, again);
	store_words_free(&w);
}

int main(void)
{
	test_shared();
	test_many();
	test_no_memory();
	return tap_done();
}

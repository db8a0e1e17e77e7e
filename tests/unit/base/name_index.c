/* An index by name against a plain list: random puts, removals and searches. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/name_index.h"
#include "tests/unit/tap.h"

enum { THINGS = 500, STEPS = 20000 };

struct thing {
	char name[16];
	bool in;
};

static struct thing things[THINGS];

static bool no_memory;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	return no_memory ? NULL : __real_calloc(count, size);
}

static const char *thing_name(const void *element)
{
	return ((const struct thing *)element)->name;
}

/* Whether every thing is found that is in, and no other. */
static bool agrees(const struct name_index *n)
{
	for (size_t i = 0; i < THINGS; i++)
		if (name_index_find(n, things[i].name) !=
		    (things[i].in ? &things[i] : NULL))
			return false;
	return true;
}

static void test_random(void)
{
	struct name_index n = {.name = thing_name};
	unsigned state = 1, wrong = 0;
	size_t in = 0;

	for (unsigned step = 0; step < STEPS; step++) {
		struct thing *t;

		state = state * 1103515245 + 12345;
		/* Fills at first, empties towards the end. */
		t = &things[(state >> 8) % THINGS];
		if (t->in) {
			name_index_remove(&n, t);
			in--;
		} else if (step < STEPS / 2 || in > 20) {
			wrong += name_index_put(&n, t) != 0;
			in++;
		} else {
			continue;
		}
		t->in = !t->in;
		wrong += n.used != in || (step % 50 == 0 && !agrees(&n));
	}
	ok(!wrong && agrees(&n), "%u steps, %u wrong", STEPS, wrong);
	for (size_t i = 0; i < THINGS; i++) {
		name_index_remove(&n, &things[i]); /* also those that are not in */
		things[i].in = false;
	}
	ok(n.used == 0 && agrees(&n), "empty again");
	name_index_free(&n);
}

static void test_small(void)
{
	struct name_index n = {.name = thing_name};
	struct thing twin = things[7];

	ok(!name_index_find(&n, "thing 7"), "nothing in nothing");
	name_index_remove(&n, &things[7]);
	is_int(name_index_put(&n, &things[7]), 0, "the first of two");
	is_int(name_index_put(&n, &twin), 0, "and another of its name");
	ok(name_index_find(&n, "thing 7") == &things[7], "the first is found");
	name_index_remove(&n, &things[7]);
	ok(name_index_find(&n, "thing 7") == &twin, "then the other");
	name_index_free(&n);
	ok(!n.slots && !name_index_find(&n, "thing 7"), "free");
}

/* What is in stays to be found, and what did not come in is not. */
static void test_memory(void)
{
	struct name_index n = {.name = thing_name};
	size_t put = 0;

	no_memory = true;
	is_int(name_index_put(&n, &things[0]), ENOMEM, "no table at all");
	no_memory = false;
	is_int(name_index_put(&n, &things[0]), 0, "a small one");
	things[0].in = true;
	no_memory = true;
	for (put = 1; put < THINGS && !name_index_put(&n, &things[put]); put++)
		things[put].in = true;
	no_memory = false;
	ok(put == 63, "%zu fit without growing, one slot is free", put);
	ok(agrees(&n), "all of them are found, no other");
	is_int(name_index_put(&n, &things[put]), 0, "with memory it grows");
	things[put].in = true;
	ok(agrees(&n), "and all are found");
	name_index_free(&n);
}

int main(void)
{
	for (size_t i = 0; i < THINGS; i++)
		snprintf(things[i].name, sizeof(things[i].name), "thing %zu", i);
	test_random();
	test_small();
	test_memory();
	return tap_done();
}

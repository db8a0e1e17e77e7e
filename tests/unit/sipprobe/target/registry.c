/* Numbers of targets: found in one step, free again afterwards. */
#include "sipprobe/loop/compat.h"
#include "sipprobe/target/registry.h"
#include "tests/unit/tap.h"

enum { MANY = 1000 };

/* Never looked into: any address will do. */
static char rows[MANY];

static struct target *nth(uint32_t n)
{
	return (struct target *)(void *)&rows[n];
}

struct walk {
	unsigned count;
	bool wrong;
};

static void walk_h(struct target *t, void *arg)
{
	struct walk *w = arg;

	w->count++;
	w->wrong |= !t || t == nth(3);
}

static void test_few(void)
{
	struct registry *r = NULL;
	struct walk w = {0};
	uint32_t n = 99;

	is_int(registry_alloc(&r), 0, "made");
	ok(!registry_find(r, 0) && !registry_find(r, UINT32_MAX), "nobody is there");
	is_int((long long)registry_count(r), 0, "none");
	for (uint32_t i = 0; i < 5; i++) {
		(void)registry_add(r, &n, nth(i));
		is_int(n, i, "numbers rise");
	}
	registry_remove(r, 3);
	ok(!registry_find(r, 3), "a number that is given back finds nobody");
	ok(registry_find(r, 2) == nth(2) && registry_find(r, 4) == nth(4),
	   "the others do");
	is_int((long long)registry_count(r), 4, "four are left");
	registry_each(r, walk_h, &w);
	ok(w.count == 4 && !w.wrong, "and are walked through");
	(void)registry_add(r, &n, nth(9));
	is_int(n, 3, "the number is used again");
	ok(registry_find(r, 3) == nth(9), "for another");
	ok(!registry_find(r, 5), "no number past the last");
	mem_deref(r);
}

static void test_many(void)
{
	struct registry *r = NULL;
	uint32_t numbers[MANY];
	bool used[MANY] = {false};
	unsigned wrong = 0;

	(void)registry_alloc(&r);
	for (uint32_t i = 0; i < MANY; i++)
		wrong += registry_add(r, &numbers[i], nth(i)) != 0;
	for (uint32_t i = 0; i < MANY; i += 2)
		registry_remove(r, numbers[i]);
	for (uint32_t i = 0; i < MANY; i++)
		wrong += registry_find(r, numbers[i]) != (i % 2 ? nth(i) : NULL);
	for (uint32_t i = 0; i < MANY; i += 2)
		wrong += registry_add(r, &numbers[i], nth(i)) != 0;
	for (uint32_t i = 0; i < MANY; i++) {
		wrong += numbers[i] >= MANY || used[numbers[i]] ||
			 registry_find(r, numbers[i]) != nth(i);
		used[numbers[i] % MANY] = true;
	}
	is_int(wrong, 0, "a thousand, half of them gone and back: each its own number");
	is_int((long long)registry_count(r), MANY, "and no more of them");
	mem_deref(r);
}

int main(void)
{
	test_few();
	test_many();
	return tap_done();
}

/* Sets: keys found again while they grow, keys of any bytes, memory that ends. */
#include <stdlib.h>

#include "base/set.h"
#include "tests/unit/tap.h"

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
char *__real_strdup(const char *s);

static bool no_memory;

void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return __real_strdup(s);
}

enum { KEYS = 3000 };

static char keys[KEYS][16];

int main(void)
{
	struct set s = {0};
	unsigned fresh = 0, same = 0;
	struct set_entry *e;

	ok(!set_find(&s, "a", 1), "an empty set holds nothing");
	for (uintptr_t i = 0; i < KEYS; i++) {
		snprintf(keys[i], sizeof(keys[i]), "key %u", (unsigned)i);
		e = set_put(&s, keys[i], strlen(keys[i]));
		fresh += e && !e->value;
		if (e)
			e->value = i + 1;
	}
	for (uintptr_t i = 0; i < KEYS; i++) {
		e = set_find(&s, keys[i], strlen(keys[i]));
		same += e && e->value == i + 1 &&
			set_put(&s, keys[i], strlen(keys[i])) == e;
	}
	is_int(fresh, KEYS, "each key is new once");
	is_int(same, KEYS, "and found again with its value");
	is_int((long long)s.used, KEYS, "and counted once");
	ok(!set_find(&s, "key", 3), "a part of a key is no key");
	ok(set_put(&s, "a\0b", 3) != set_put(&s, "a\0c", 3), "keys are bytes");
	set_free(&s);
	ok(!s.used && !set_find(&s, keys[0], strlen(keys[0])), "empty after it");
	no_memory = true;
	ok(!set_put(&s, "a", 1) && !s.used, "without memory nothing is put in");
	no_memory = false;
	ok(set_put(&s, "a", 1), "and then it is");
	set_free(&s);
	return tap_done();
}

/* Native histograms: indexes, halving, growth, what they cost, and lost memory. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "exporter/store/native_histogram.h"
#include "tests/unit/tap.h"

#define S INT64_C(1000000000)

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

static bool memory_out;
static size_t asked; /* bytes of the last allocation */

void *__wrap_malloc(size_t size)
{
	return memory_out ? NULL : __real_realloc(NULL, size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	asked = count * size;
	return memory_out ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	asked = size;
	return memory_out ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = __wrap_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

static const struct {
	int schema;
	int64_t ns;
	int index;
} index_cases[] = {
	{0, 1 * S, 0},	    {0, S / 2, -1},
	{0, S / 2 + 1, 0},  {0, S + 1, 1},
	{0, 2 * S, 1},	    {0, S / 1024 - 1, -10}, /* a bit below 2^-10 s */
	{0, 1, -29},				    /* 2^-29.9 s */
	{1, S + S / 2, 2},  {3, 1 * S, 0},
	{3, 2 * S, 8},	    {3, S + S / 2, 5},
	{3, S / 1000, -79},			 /* log2(0.001) × 8 = -79.7 */
	{3, 4 * S + 1, 17}, {8, S + S / 2, 150}, /* log2(1.5) × 256 = 149.8 */
	{8, 1, -7653},				 /* log2(1e-9) × 256 = -7653.7 */
	{-1, S, 0},	    {-1, S / 2, 0},
	{-1, S / 4, -1},    {-1, 4 * S, 1},
	{-1, 4 * S + 1, 2}, {-4, S, 0},
	{-4, S / 1000, 0},  {-4, 1, -1},
	{-4, 65536 * S, 1}, {-4, 65536 * S + 1, 2},
	{-4, INT64_MAX, 3},
};

static int index_at(int schema, int64_t ns)
{
	struct native_histogram_scale scale;
	struct native_histogram *n = NULL;
	int index;

	native_histogram_scale_init(&scale, schema, NATIVE_BUCKETS_MIN);
	if (native_histogram_observe(&n, &scale, ns) || n->count != 1 ||
	    n->counts[0] != 1)
		exit(1);
	index = native_histogram_indexes(n)[0];
	free(n);
	return index;
}

static void test_indexes(void)
{
	size_t i;

	for (i = 0; i < sizeof(index_cases) / sizeof(index_cases[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "schema %d, %lld ns", index_cases[i].schema,
			 (long long)index_cases[i].ns);
		is_int(index_at(index_cases[i].schema, index_cases[i].ns),
		       index_cases[i].index, name);
	}
}

static uint64_t random_state = 42;

static uint64_t random_next(void)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return random_state >> 20;
}

/* From a nanosecond to two minutes, evenly over the octaves. */
static int64_t random_ns(void)
{
	return (int64_t)exp2((double)(random_next() % 370000) / 10000.0);
}

/* By definition: 2^((i-1)/2^s) < seconds <= 2^(i/2^s), in more digits than they need. */
static void test_bounds(void)
{
	int schema, k, wrong = 0;

	for (schema = NATIVE_SCHEMA_MIN; schema <= NATIVE_SCHEMA_MAX; schema++) {
		for (k = 0; k < 20000; k++) {
			int64_t ns = random_ns();
			int index = index_at(schema, ns);
			long double at = log2l((long double)ns / 1e9L) * exp2l(schema);

			wrong += at > index + 1e-9L || at < index - 1 - 1e-9L;
		}
	}
	is_int(wrong, 0, "every duration is within its bucket's bounds");
}

static uint64_t total(const struct native_histogram *n)
{
	uint64_t sum = n->zero;
	uint16_t i;

	for (i = 0; i < n->count; i++)
		sum += n->counts[i];
	return sum;
}

static bool same(const struct native_histogram *a, const struct native_histogram *b)
{
	return a->count == b->count && a->schema == b->schema && a->zero == b->zero &&
	       !memcmp(a->counts, b->counts, a->count * sizeof(a->counts[0])) &&
	       !memcmp(native_histogram_indexes(a), native_histogram_indexes(b),
		       a->count * sizeof(int16_t));
}

static bool rises(const struct native_histogram *n)
{
	uint16_t i;

	for (i = 1; i < n->count; i++) {
		if (native_histogram_indexes(n)[i] <= native_histogram_indexes(n)[i - 1])
			return false;
	}
	return true;
}

/* A histogram that was halved is the one that its values would have made anew. */
static void check_halving(int schema, unsigned max)
{
	struct native_histogram_scale scale, end_scale;
	struct native_histogram *n = NULL, *direct = NULL;
	int64_t values[3000];
	unsigned most = 0;
	size_t i;

	native_histogram_scale_init(&scale, schema, max);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		values[i] = i % 100 ? random_ns() : 0;
		if (native_histogram_observe(&n, &scale, values[i]))
			exit(1);
		if (n->count > most)
			most = n->count;
	}
	native_histogram_scale_init(&end_scale, n->schema, 60000);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (native_histogram_observe(&direct, &end_scale, values[i]))
			exit(1);
	}
	ok(most <= max, "schema %d: at most %u buckets, not %u", schema, max, most);
	ok(same(n, direct), "schema %d became %d without a loss", schema, n->schema);
	ok(rises(n) && total(n) == 3000 && n->zero == 30, "all are counted, in order");
	free(n);
	free(direct);
}

static void test_halving(void)
{
	static const unsigned maxima[] = {NATIVE_BUCKETS_MIN, 20, 160, 1024};
	int schema;
	size_t i;

	for (schema = NATIVE_SCHEMA_MIN; schema <= NATIVE_SCHEMA_MAX; schema += 2) {
		for (i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++)
			check_halving(schema, maxima[i]);
	}
}

/* A day at an interval of 30 s: answers about 12 ms, now and then a retransmission. */
static void test_memory(void)
{
	struct native_histogram_scale scale;
	struct native_histogram *n = NULL;
	int i;

	native_histogram_scale_init(&scale, 3, 160);
	for (i = 0; i < 2880; i++) {
		int64_t ns = 12000000 + (int64_t)(random_next() % 4000000) - 2000000;

		if (native_histogram_observe(&n, &scale,
					     i % 500 == 250 ? ns + S / 2 : ns))
			exit(1);
	}
	printf("# a quiet trunk: %d buckets, %zu bytes\n", n->count,
	       native_histogram_bytes(n));
	ok(native_histogram_bytes(n) <= 100, "a quiet trunk needs at most 100 bytes");
	for (i = 0; i < 100000; i++) {
		if (native_histogram_observe(&n, &scale, random_ns()))
			exit(1);
	}
	printf("# a wild one: %d buckets, %zu bytes, schema %d\n", n->count,
	       native_histogram_bytes(n), n->schema);
	ok(native_histogram_bytes(n) <= 1000, "no trunk needs more than 1000");
	free(n);
}

static void test_no_memory(void)
{
	struct native_histogram_scale scale;
	struct native_histogram *n = NULL;
	int i, err = 0;

	native_histogram_scale_init(&scale, 3, 160);
	memory_out = true;
	is_int(native_histogram_observe(&n, &scale, S), ENOMEM,
	       "no memory to begin with");
	ok(!n, "and nothing was begun");
	memory_out = false;
	is_int(native_histogram_observe(&n, &scale, S), 0, "then there is");
	is_int((long long)asked, (long long)native_histogram_bytes(n),
	       "as much as it says");
	memory_out = true;
	for (i = 1; i < 100 && !err; i++)
		err = native_histogram_observe(&n, &scale, (i + 1) * S);
	is_int(err, ENOMEM, "no memory to grow");
	ok(asked > native_histogram_bytes(n), "which would be more");
	is_int((long long)total(n), i - 1, "what was counted before is still there");
	is_int(native_histogram_observe(&n, &scale, S), 0, "a known bucket needs none");
	memory_out = false;
	free(n);
}

int main(void)
{
	test_indexes();
	test_bounds();
	test_halving();
	test_memory();
	test_no_memory();
	return tap_done();
}

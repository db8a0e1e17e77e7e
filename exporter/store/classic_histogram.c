#include "exporter/store/classic_histogram.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The shortest decimal that reads back as the same number, without an exponent in the
 * range where Prometheus' own clients write none: `le` is compared as text.
 */
static void classic_histogram_print_shortest(char *text, size_t size, double value)
{
	bool plain = value >= 1e-4 && value < 1e16;
	int digits;

	for (digits = plain ? 0 : 1; digits <= 20; digits++) {
		snprintf(text, size, plain ? "%.*f" : "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			return;
	}
}

static int classic_histogram_le_set(struct slice *le, const char *value, const char *end)
{
	char *text;
	int len = asprintf(&text, "le=\"%s%s\"", value, end);

	if (len < 0)
		return ENOMEM;
	*le = (struct slice){text, (size_t)len};
	return 0;
}

int classic_histogram_init(struct stats_buckets *b, const double *bound_s, size_t count)
{
	struct stats_buckets made = {.count = count};
	char text[40];
	size_t i;
	int err;

	made.bound_s = calloc(count + 1, sizeof(*made.bound_s));
	made.bound_ns = calloc(count + 1, sizeof(*made.bound_ns));
	made.le = calloc(count + 1, sizeof(*made.le));
	made.le_float = calloc(count + 1, sizeof(*made.le_float));
	err = made.bound_s && made.bound_ns && made.le && made.le_float ? 0 : ENOMEM;
	for (i = 0; i < count && !err; i++) {
		made.bound_s[i] = bound_s[i];
		made.bound_ns[i] = (int64_t)(bound_s[i] * 1e9 + 0.5);
		classic_histogram_print_shortest(text, sizeof(text), bound_s[i]);
		err = classic_histogram_le_set(&made.le[i], text, "");
		if (!err)
			err = classic_histogram_le_set(&made.le_float[i], text,
						       strpbrk(text, ".e") ? "" : ".0");
	}
	if (!err)
		err = classic_histogram_le_set(&made.le[count], "+Inf", "");
	if (!err)
		err = classic_histogram_le_set(&made.le_float[count], "+Inf", "");
	if (err)
		classic_histogram_clear(&made);
	else
		*b = made;
	return err;
}

static void classic_histogram_le_clear(struct slice *le, size_t count)
{
	size_t i;

	for (i = 0; le && i < count; i++)
		free((void *)(uintptr_t)le[i].p);
	free(le);
}

void classic_histogram_clear(struct stats_buckets *b)
{
	classic_histogram_le_clear(b->le, b->count + 1);
	classic_histogram_le_clear(b->le_float, b->count + 1);
	free(b->bound_ns);
	free(b->bound_s);
	*b = (struct stats_buckets){0};
}

#include "exporter/buckets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The shortest decimal that reads back as the same number. */
static void print_shortest(char *text, size_t size, double value)
{
	int digits;

	for (digits = 1; digits <= 17; digits++) {
		snprintf(text, size, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			return;
	}
}

static int le_set(struct slice *le, const char *value)
{
	char *text;
	int len = asprintf(&text, "le=\"%s\"", value);

	if (len < 0)
		return ENOMEM;
	*le = (struct slice){text, (size_t)len};
	return 0;
}

int buckets_init(struct stats_buckets *b, const double *bound_s, size_t count)
{
	struct stats_buckets made = {.count = count};
	char text[40];
	size_t i;
	int err;

	made.bound_s = calloc(count + 1, sizeof(*made.bound_s));
	made.bound_ns = calloc(count + 1, sizeof(*made.bound_ns));
	made.le = calloc(count + 1, sizeof(*made.le));
	err = made.bound_s && made.bound_ns && made.le ? 0 : ENOMEM;
	for (i = 0; i < count && !err; i++) {
		made.bound_s[i] = bound_s[i];
		made.bound_ns[i] = (int64_t)(bound_s[i] * 1e9 + 0.5);
		print_shortest(text, sizeof(text), bound_s[i]);
		err = le_set(&made.le[i], text);
	}
	if (!err)
		err = le_set(&made.le[count], "+Inf");
	if (err)
		buckets_clear(&made);
	else
		*b = made;
	return err;
}

void buckets_clear(struct stats_buckets *b)
{
	size_t i;

	for (i = 0; b->le && i <= b->count; i++)
		free((void *)(uintptr_t)b->le[i].p);
	free(b->le);
	free(b->bound_ns);
	free(b->bound_s);
	*b = (struct stats_buckets){0};
}

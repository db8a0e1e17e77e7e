/*
 * A section with a row of each type that readers share, and its struct: for tests of the
 * types through the walker. Bounds are small, so that both sides of each can be seen.
 */
#ifndef TESTS_UNIT_CONFIG_READER_SAMPLE_H
#define TESTS_UNIT_CONFIG_READER_SAMPLE_H

#include <stdio.h>

#include "config/reader/types.h"

struct inner {
	int64_t wait_us;
	unsigned times;
};

struct sample {
	int64_t duration;
	unsigned number;
	int integer;
	bool flag;
	const char *text, *any_text, *username, *file, *file_name, *secret, *secret_file;
	int choice;
	unsigned names;
	const double *rising;
	size_t rising_count;
	const char *const *texts;
	size_t text_count;
	const int *choices;
	size_t choice_count;
	const struct config_pair *pairs, *sorted;
	size_t pair_count, sorted_count;
	const struct inner *record, *other;
	struct inner section;
	const cJSON *section_set[2];
};

static const char *const words[] = {"zero", "one", "two", NULL};

static bool read_double(struct walk *w, const struct field *f, const struct doc_path *at,
			void *item)
{
	(void)f;
	if (!cJSON_IsNumber(at->node))
		return walk_type_fault(w, at, "a number");
	*(double *)item = at->node->valuedouble;
	return true;
}

static bool same_double(const void *a, const void *b)
{
	return !memcmp(a, b, sizeof(double));
}

static bool same_item_text(const void *a, const void *b)
{
	return !strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool same_int(const void *a, const void *b)
{
	return *(const int *)a == *(const int *)b;
}

static const struct list_type list_rising = {.size = sizeof(double),
					     .read = read_double,
					     .equal = same_double,
					     .rising = true};
static const struct list_type list_texts = {.size = sizeof(char *),
					    .read = list_read_text,
					    .equal = same_item_text,
					    .unique = true};
static const struct list_type list_words = {
	.size = sizeof(int), .read = list_read_choice, .equal = same_int, .names = words};

static const char *check_name(const char *name)
{
	return strchr(name, ' ') ? "has a space" : NULL;
}

static const char *check_value(const char *name, const char *value)
{
	return strcmp(name, value) ? NULL : "is the same as its name";
}

static const struct pairs_type pairs_any = {
	.noun = "pair", .check_name = check_name, .value_max = 5};
static const struct pairs_type pairs_sorted = {.noun = "pair",
					       .check_name = check_name,
					       .check_value = check_value,
					       .any_case = true,
					       .sorted = true,
					       .value_max = 5};

#define INNER(m) .offset = offsetof(struct inner, m)

static const struct field inner_rows[] = {
	{.key = "wait",
	 .type = &type_duration,
	 INNER(wait_us),
	 .max = 1000000,
	 .initial = "\"250ms\""},
	{.key = "times", .type = &type_number, INNER(times), .max = 9, .initial = "3"},
};

static const struct field other_rows[] = {
	{.key = "times", .type = &type_number, INNER(times), .max = 9, .initial = "7"},
};

static const struct section inner = {.name = "inner", SECTION_ROWS(inner_rows)};
static const struct section other = {.name = "other", SECTION_ROWS(other_rows)};
static const struct record_type record_inner = {&inner, sizeof(struct inner)};
static const struct record_type record_other = {&other, sizeof(struct inner)};

#define SAMPLE(m) .offset = offsetof(struct sample, m)
#define COUNT(m)  .beside = offsetof(struct sample, m)

static const struct field rows[] = {
	{.key = "duration",
	 .type = &type_duration,
	 SAMPLE(duration),
	 .min = 10000,
	 .max = 90000000},
	{.key = "number", .type = &type_number, SAMPLE(number), .min = 1, .max = 9},
	{.key = "integer", .type = &type_integer, SAMPLE(integer), .min = -4, .max = 8},
	{.key = "flag", .type = &type_flag, SAMPLE(flag)},
	{.key = "text", .type = &type_text, SAMPLE(text), .min = 1, .max = 5},
	{.key = "any_text", .type = &type_text, SAMPLE(any_text), .max = 5},
	{.key = "username", .type = &type_username, SAMPLE(username), .max = 5},
	{.key = "file", .type = &type_file, SAMPLE(file), .min = 1, .max = 99},
	{.key = "file_name", .type = &type_file_name, SAMPLE(file_name), .max = 99},
	{.key = "secret", .type = &type_secret, SAMPLE(secret)},
	{.key = "secret_file", .type = &type_secret_file, SAMPLE(secret_file), .max = 99},
	{.key = "choice", .type = &type_choice, SAMPLE(choice), .more = words},
	{.key = "names", .type = &type_names, SAMPLE(names), .more = words},
	{.key = "rising",
	 .type = &type_list,
	 SAMPLE(rising),
	 COUNT(rising_count),
	 .min = 1,
	 .max = 3,
	 .more = &list_rising},
	{.key = "texts",
	 .type = &type_list,
	 SAMPLE(texts),
	 COUNT(text_count),
	 .max = 4,
	 .more = &list_texts},
	{.key = "choices",
	 .type = &type_list,
	 SAMPLE(choices),
	 COUNT(choice_count),
	 .max = 4,
	 .more = &list_words},
	{.key = "pairs",
	 .type = &type_pairs,
	 SAMPLE(pairs),
	 COUNT(pair_count),
	 .max = 3,
	 .more = &pairs_any},
	{.key = "sorted",
	 .type = &type_pairs,
	 SAMPLE(sorted),
	 COUNT(sorted_count),
	 .max = 3,
	 .more = &pairs_sorted},
	{.key = "record", .type = &type_record, SAMPLE(record), .more = &record_inner},
	{.key = "other", .type = &type_record, SAMPLE(other), .more = &record_other},
	{.key = "section",
	 .type = &type_section,
	 SAMPLE(section),
	 COUNT(section_set),
	 .more = &inner},
};

static const struct section section_sample = {.name = "sample", SECTION_ROWS(rows)};

static void put_pairs(FILE *out, const struct config_pair *p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, " %s=%s", p[i].name, p[i].value);
}

static void put_inner(FILE *out, const struct inner *i)
{
	if (i)
		fprintf(out, " %lld us %u times", (long long)i->wait_us, i->times);
}

static void put_lists(FILE *out, const struct sample *s)
{
	for (size_t i = 0; i < s->rising_count; i++)
		fprintf(out, " %g", s->rising[i]);
	for (size_t i = 0; i < s->text_count; i++)
		fprintf(out, " %s", s->texts[i]);
	for (size_t i = 0; i < s->choice_count; i++)
		fprintf(out, " %d", s->choices[i]);
	put_pairs(out, s->pairs, s->pair_count);
	put_pairs(out, s->sorted, s->sorted_count);
}

/* All that is not as it was before reading. */
static void put_sample(FILE *out, const struct sample *s)
{
	const char *const texts[] = {s->text,	   s->any_text, s->username,   s->file,
				     s->file_name, s->secret,	s->secret_file};

	if (s->duration)
		fprintf(out, " %lld us", (long long)s->duration);
	if (s->number)
		fprintf(out, " %u", s->number);
	if (s->integer)
		fprintf(out, " %d", s->integer);
	if (s->flag)
		fprintf(out, " true");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i])
			fprintf(out, " '%s'", texts[i]);
	if (s->choice >= 0)
		fprintf(out, " %d", s->choice);
	if (s->names)
		fprintf(out, " %#x", s->names);
	put_lists(out, s);
	put_inner(out, s->record);
	put_inner(out, s->other);
	if (s->section.wait_us || s->section.times)
		put_inner(out, &s->section);
}

#endif

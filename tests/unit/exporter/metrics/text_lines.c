/* Lines of text: whatever their length and values, they stay within the room made. */
#include <stdlib.h>

#include "exporter/metrics/text_lines.h"
#include "tests/unit/tap.h"

enum { LABELS_MAX = 700, BUCKETS = 12, LONGEST = 200, GUARD = 0x7f };

static struct slice le_slices[BUCKETS + 1];
static const struct stats_buckets buckets = {
	.count = BUCKETS, .le = le_slices, .le_float = le_slices};

/* An exemplar as long as one can be. */
static char *longest_exemplar(char *to, const struct stats_exemplar *e)
{
	(void)e;
	memset(to, 'e', TEXT_LINES_EXEMPLAR);
	return to + TEXT_LINES_EXEMPLAR;
}

static size_t lines_of(const struct buffer *b)
{
	size_t lines = 0;

	for (size_t i = 0; i < b->len; i++)
		lines += b->data[i] == '\n';
	return lines;
}

static struct text_lines lines_to(struct buffer *b)
{
	static const char name[] = "siptrunk_some_family_seconds";

	return (struct text_lines){.out = b, .name = name, .name_len = sizeof(name) - 1};
}

/*
 * Labels of every length move the end over every edge of a buffer that doubles; one of
 * the samples has a long label of its own.
 */
static void test_samples(const char *labels)
{
	size_t over = 0, lines = 0;

	for (size_t len = 0; len <= 3 * LABELS_MAX; len++) {
		struct sample s[3] = {{SLICE("state=\"unknown\""), INT64_MIN, 9},
				      {SLICE("state=\"up\""), INT64_MIN, 0},
				      {SLICE(""), INT64_MAX, 6}};
		struct buffer b = {0};
		struct text_lines l = lines_to(&b);

		s[len % 3].label = (struct slice){labels, LABELS_MAX};
		text_lines_samples_h((struct slice){labels, len / 3}, s, 3, &l);
		over += b.len > b.cap;
		lines += lines_of(&b);
		buffer_clear(&b);
	}
	is_int((long long)over, 0, "samples fit the room that is made for them");
	is_int((long long)lines, 3LL * (3 * LABELS_MAX + 1), "each is a line");
}

/* @long_le: the bucket whose bound is long */
static void test_histograms(const char *labels, bool with_exemplars, size_t long_le)
{
	uint32_t counts[BUCKETS + 1];
	struct stats_exemplar list[BUCKETS + 1] = {0};
	struct snapshot_target t = {.stats.sum_ns = INT64_MIN,
				    .counts = counts,
				    .exemplars = list,
				    .exemplar_count = BUCKETS + 1};
	const struct slice le = le_slices[long_le];
	size_t over = 0, lines = 0;

	memset(counts, 0xff, sizeof(counts));
	for (size_t i = 0; i <= BUCKETS; i++)
		list[i].bucket = (uint8_t)i;
	le_slices[long_le] = (struct slice){labels, LABELS_MAX};
	for (size_t len = 0; len <= LABELS_MAX; len++) {
		struct buffer b = {0};
		struct text_lines l = lines_to(&b);

		l.exemplar = with_exemplars ? longest_exemplar : NULL;
		t.labels = (struct slice){labels, len};
		text_lines_histogram_h(&t, &buckets, &l);
		over += b.len > b.cap;
		lines += lines_of(&b);
		buffer_clear(&b);
	}
	le_slices[long_le] = le;
	is_int((long long)over, 0, "histograms fit the room that is made for them");
	is_int((long long)lines, (BUCKETS + 3LL) * (LABELS_MAX + 1),
	       "a line a bucket, sum and count");
}

static void test_text(void)
{
	static const uint32_t counts[BUCKETS + 1] = {1, 0, 2};
	const struct sample s[] = {{SLICE("a=\"1\""), 5, 0}, {SLICE(""), 15, 1}};
	struct snapshot_target t = {.labels = SLICE("t=\"x\""), .counts = counts};
	struct stats_buckets two = buckets;
	struct buffer b = {0};
	struct text_lines l = lines_to(&b);

	l.name = "n";
	l.name_len = 1;
	two.count = 2;
	t.stats.sum_ns = 1500000000;
	text_lines_samples_h(SLICE("t=\"x\""), s, 2, &l);
	text_lines_samples_h(SLICE(""), s, 2, &l);
	text_lines_histogram_h(&t, &two, &l);
	buffer_add(&b, "", 1);
	is_str(b.data,
	       "n{t=\"x\",a=\"1\"} 5\nn{t=\"x\"} 1.5\nn{a=\"1\"} 5\nn 1.5\n"
	       "n_bucket{t=\"x\",le=\"9\"} 1\nn_bucket{t=\"x\",le=\"9\"} 1\n"
	       "n_bucket{t=\"x\",le=\"9\"} 3\nn_sum{t=\"x\"} 1.5\nn_count{t=\"x\"} 3\n",
	       "every shape of a line");
	buffer_clear(&b);
	l.spare_buckets = true;
	text_lines_histogram_h(&t, &two, &l);
	buffer_add(&b, "", 1);
	is_str(b.data,
	       "n_bucket{t=\"x\",le=\"9\"} 3\nn_sum{t=\"x\"} 1.5\nn_count{t=\"x\"} 3\n",
	       "the last bucket alone has the count of all");
	buffer_clear(&b);
}

/* Bytes laid down one after the other, of every length that has a way of its own. */
static void test_put(void)
{
	char from[LONGEST], to[LONGEST + 2];
	unsigned wrong = 0, beyond = 0;

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (char)('!' + i % 90);
	for (size_t len = 0; len <= LONGEST; len++) {
		memset(to, GUARD, sizeof(to));
		wrong += text_lines_put(to + 1, from, len) != to + 1 + len ||
			 memcmp(to + 1, from, len) != 0;
		beyond += to[0] != GUARD || to[len + 1] != GUARD;
	}
	is_int(wrong, 0, "each is as it was, and tells where it ends");
	is_int(beyond, 0, "and nothing beside it is touched");
}

static void test_value(void)
{
	static const struct {
		int64_t value;
		unsigned decimals;
		const char *want;
	} cases[] = {
		{0, 0, "{a=\"b\"} 0"},	    {0, 9, "{a=\"b\"} 0"},
		{1, 0, "{a=\"b\"} 1"},	    {-1, 0, "{a=\"b\"} -1"},
		{1500, 3, "{a=\"b\"} 1.5"}, {10, 0, "{a=\"b\"} 10"},
	};
	const struct slice label = SLICE("a=\"b\"");
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		*text_lines_put_value(text, false, label, cases[i].value,
				      cases[i].decimals) = '\0';
		is_str(text, cases[i].want, cases[i].want);
	}
}

int main(void)
{
	char *labels = malloc(LABELS_MAX);

	memset(labels, 'x', LABELS_MAX);
	for (int i = 0; i <= BUCKETS; i++)
		le_slices[i] = SLICE("le=\"9\"");
	test_samples(labels);
	for (size_t i = 0; i <= BUCKETS; i++) {
		test_histograms(labels, false, i);
		test_histograms(labels, true, i);
	}
	test_put();
	test_value();
	test_text();
	free(labels);
	return tap_done();
}

/* What a reload changed, kept for people: few names of many, copied for who reads. */
#include "exporter/store/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

enum { MANY = 14 };

/* So many trunks added, whose names have a prefix. */
static struct changes changes_of(size_t count, const char *prefix)
{
	static struct config_trunk trunks[MANY];
	static struct config_turned list[MANY];
	static char names[MANY][256];
	struct config_diff d = {.list = list, .count = count};
	struct changes c;

	d.counts[CONFIG_TURN_ADDED] = count;
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "%s%zu", prefix, i);
		trunks[i].name = names[i];
		list[i] = (struct config_turned){CONFIG_TURN_ADDED, &trunks[i]};
	}
	if (changes_make(&c, &d, 1000))
		exit(1);
	return c;
}

static const char *line(const struct changes *c)
{
	static char text[1024];
	struct buffer b = {0};

	changes_names(&b, c, CONFIG_TURN_ADDED);
	snprintf(text, sizeof(text), "%.*s", (int)b.len, b.data ? b.data : "");
	buffer_clear(&b);
	return text;
}

static void test_names(void)
{
	static const struct {
		size_t count;
		const char *text;
	} cases[] = {
		{0, ""},
		{1, "n0"},
		{2, "n0, n1"},
		{10, "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9"},
		{11, "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 1 more"},
		{MANY, "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 4 more"},
	};
	struct buffer b = {0};
	char prefix[201];
	struct changes c;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		c = changes_of(cases[i].count, "n");
		is_str(line(&c), cases[i].text, cases[i].text);
		is_int((long long)c.counts[CONFIG_TURN_ADDED], (long long)cases[i].count,
		       "counted whole");
		changes_clear(&c);
	}
	memset(prefix, 'x', 200);
	prefix[200] = '\0';
	c = changes_of(10, prefix);
	ok(strlen(line(&c)) < 500 && strstr(line(&c), " and 8 more"),
	   "long names are a line all the same");
	buffer_add(&b, prefix, 150);
	changes_names(&b, &c, CONFIG_TURN_ADDED);
	is_int((long long)b.len, (long long)(150 + strlen(line(&c))),
	       "behind whatever stands before it");
	buffer_clear(&b);
	changes_clear(&c);
	prefix[148] = '\0';
	c = changes_of(10, prefix);
	ok(strstr(line(&c), " and 8 more"), "two that fill it to the byte are enough");
	changes_clear(&c);
	prefix[147] = '\0';
	c = changes_of(10, prefix);
	ok(strstr(line(&c), " and 7 more"), "a byte less, and there is one more");
	changes_clear(&c);
}

static void test_kept(void)
{
	const double bound = 1;
	struct store *s = NULL;
	struct changes c, copy;

	if (store_alloc(&s, &bound, 1))
		exit(1);
	is_int(changes_take(&copy, s), 0, "before the first");
	is_int(copy.at_unix_ns, 0, "there is none");
	c = changes_of(3, "old");
	changes_keep(s, &c);
	c = changes_of(2, "new");
	changes_keep(s, &c);
	ok(!c.at_unix_ns && !c.names[CONFIG_TURN_ADDED].data, "handed over");
	is_int(changes_take(&copy, s), 0, "copied");
	is_int(copy.at_unix_ns, 1000, "its time");
	is_int((long long)copy.counts[CONFIG_TURN_ADDED], 2, "how many");
	is_str(line(&copy), "new0, new1", "the last one's names");
	changes_clear(&copy);
	is_int(store_down_since_unix_ns(s, "nobody"), 0, "who is not there is not down");
	store_free(s);
}

int main(void)
{
	test_names();
	test_kept();
	return tap_done();
}

/* Label text: what any value becomes in it, and what is found there again. */
#include "exporter/store/labels.h"

#include "tests/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What takes the place of a byte that is no UTF-8. */
#define NOT_UTF8 "\357\277\275"

static const struct {
	const char *value, *text;
	const char *again; /* read back; NULL: the value */
} values[] = {
	{"", "", NULL},
	{"x", "x", NULL},
	{"a b,c=d", "a b,c=d", NULL},
	{"\"", "\\\"", NULL},
	{"\\", "\\\\", NULL},
	{"\n", "\\n", NULL},
	{"a\"b\\c\nd", "a\\\"b\\\\c\\nd", NULL},
	{"\\n", "\\\\n", NULL},
	{"K\303\270ln", "K\303\270ln", NULL},
	{"\342\202\254\"", "\342\202\254\\\"", NULL},
	{"\377", NOT_UTF8, NOT_UTF8},
	{"\200", NOT_UTF8, NOT_UTF8},
	{"\177", "\177", NULL},
	{"a\377\"b", "a" NOT_UTF8 "\\\"b", "a" NOT_UTF8 "\"b"},
	{"\377\377x", NOT_UTF8 NOT_UTF8 "x", NOT_UTF8 NOT_UTF8 "x"},
	{"a\303", "a" NOT_UTF8, "a" NOT_UTF8},
};

static bool is_text(struct slice got, const char *want)
{
	return got.l == strlen(want) && !memcmp(got.p ? got.p : "", want, got.l);
}

static void test_values(void)
{
	for (size_t i = 0; i < COUNT(values); i++) {
		const char *again = values[i].again ? values[i].again : values[i].value;
		struct buffer b = {0}, back = {0};
		struct slice found;
		char want[128];

		labels_add(&b, "first", values[i].value);
		labels_add(&b, "second", values[i].value);
		snprintf(want, sizeof(want), "first=\"%s\",second=\"%s\"", values[i].text,
			 values[i].text);
		ok(is_text((struct slice){b.data, b.len}, want), "%s", want);
		found = labels_find((struct slice){b.data, b.len}, "second");
		ok(is_text(found, values[i].text), "found");
		labels_unescape(&back, found);
		ok(is_text((struct slice){back.data, back.len}, again), "and read");
		buffer_clear(&b);
		buffer_clear(&back);
	}
}

/* In two pieces it is the same. */
static void test_joined(void)
{
	struct buffer b = {0};

	labels_add_joined(&b, "a", SLICE("x\"y"), "\n\xffz");
	labels_add_joined(&b, "b", (struct slice){0}, "v");
	labels_add_joined(&b, "c", SLICE("v"), "");
	ok(is_text((struct slice){b.data, b.len},
		   "a=\"x\\\"y\\n\xef\xbf\xbdz\",b=\"v\",c=\"v\""),
	   "joined");
	buffer_clear(&b);
}

static const struct {
	const char *text, *name, *value; /* "": none */
} found[] = {
	{"a=\"x\"", "a", "x"},
	{"a=\"x\",b=\"y\"", "a", "x"},
	{"a=\"x\",b=\"y\"", "b", "y"},
	{"a=\"x\",b=\"y\"", "c", ""},
	{"ab=\"x\",a=\"y\"", "a", "y"},
	{"a=\"x\",ab=\"y\"", "ab", "y"},
	{"ba=\"x\",aa=\"y\"", "aa", "y"},
	{"a=\"\",b=\"y\"", "b", "y"},
	{"a=\"b=\\\"z\\\"\",b=\"y\"", "b", "y"},
	{"a=\"\\\\\",b=\"y\"", "b", "y"},
	{"a=\"x\",b=\"y", "b", ""},
	{"a=\"x\",b=\"", "b", ""},
	{"a=\"x\",b=", "b", ""},
	{"a=\"x\",b", "b", ""},
	{"a=\"x\"", "", ""},
	{"", "a", ""},
};

static void test_found(void)
{
	for (size_t i = 0; i < COUNT(found); i++) {
		/* What stands behind the text is none of it. */
		char text[64];
		struct slice got;

		snprintf(text, sizeof(text), "%s\",%s=\"no\"", found[i].text,
			 found[i].name);
		got = labels_find((struct slice){text, strlen(found[i].text)},
				  found[i].name);
		ok(is_text(got, found[i].value), "%s in %s: %s", found[i].name,
		   found[i].text, found[i].value);
	}
}

static void test_next(void)
{
	const struct slice text = SLICE("a=\"\",bc=\"x\"");
	struct slice name, value;
	size_t pos = 0;

	ok(labels_next(text, &pos, &name, &value) && is_text(name, "a") &&
		   is_text(value, ""),
	   "an empty one");
	is_int((long long)pos, 4, "up to its end");
	ok(labels_next(text, &pos, &name, &value) && is_text(name, "bc") &&
		   is_text(value, "x"),
	   "the next");
	is_int((long long)pos, (long long)text.l, "up to the end");
	ok(!labels_next(text, &pos, &name, &value), "no more");
	ok(is_text(name, "bc") && pos == text.l, "and nothing is said of none");
	pos = 0;
	ok(labels_next(SLICE("d=\"\""), &pos, &name, &value) && is_text(name, "d") &&
		   is_text(value, ""),
	   "an empty one at the end");
}

int main(void)
{
	test_values();
	test_joined();
	test_found();
	test_next();
	return tap_done();
}

/* Types of values that all tables share: what is taken, refused and stored of each. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/config/reader/reading.h"
#include "tests/unit/config/reader/sample.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

#define TEN    "0123456789"
#define SIXTY  TEN TEN TEN TEN TEN TEN
#define LONGER SIXTY "4321"
#define LIST   "it must be \"zero\", \"one\" or \"two\""

static char folder[] = "/tmp/unit_types.XXXXXX";
static struct sample sample;

static int sample_read(struct reading *r, const char *text)
{
	sample = (struct sample){.choice = -1};
	return reading_do(r, &section_sample, &sample, text, folder);
}

/* What comes of each is unlike what comes of the others. */
static const struct {
	const char *text, *want;
} taken[] = {
	{"{}", ""},
	{"{duration: 10ms}", " 10000 us"},
	{"{duration: 1m30s}", " 90000000 us"},
	{"{number: 1}", " 1"},
	{"{number: 9}", " 9"},
	{"{integer: -4}", " -4"},
	{"{integer: 8}", " 8"},
	{"{flag: true}", " true"},
	{"{text: a}", " 'a'"},
	{"{text: abcde}", " 'abcde'"},
	{"{any_text: ''}", " ''"},
	{"{any_text: 012}", " '012'"},
	{"{username: 'a b'}", " 'a b'"},
	{"{file: /dev/null}", " '/dev/null'"},
	{"{file: fifo}", " 'FOLDER/fifo'"},
	{"{file_name: any}", " 'shown/any'"},
	{"{file_name: /any/other}", " '/any/other'"},
	{"{secret: s}", " 's'"},
	{"{secret: $x$}", " '$x$'"},
	{"{secret: 'a${SECRET_TEST}b${SECRET_TEST}'}", " 'atestbtest'"},
	{"{secret: '${" LONGER "}'}", " 'long'"},
	{"{secret_file: line}", " 'S'"},
	{"{secret_file: crlf}", " 'T'"},
	{"{choice: zero}", " 0"},
	{"{choice: two}", " 2"},
	{"{names: one}", " 0x2"},
	{"{names: [zero, two]}", " 0x5"},
	{"{rising: [-1]}", " -1"},
	{"{rising: [1, 2, 2.5]}", " 1 2 2.5"},
	{"{rising: [1, 2, 2.75]}", " 1 2 2.75"},
	{"{texts: [a]}", " a"},
	{"{texts: [a, '', b, c]}", " a  b c"},
	{"{choices: [zero, two, zero]}", " 0 2 0"},
	{"{pairs: {b: x, a: ''}}", " b=x a="},
	{"{pairs: {b: x, a: abcde}}", " b=x a=abcde"},
	{"{pairs: {b: x, c: ''}}", " b=x c="},
	{"{pairs: {a: 1, A: 2, aa: 3}}", " a=1 A=2 aa=3"},
	{"{sorted: {b: x, B2: y, a: z}}", " B2=y a=z b=x"},
	{"{record: {}}", " 250000 us 3 times"},
	{"{record: {wait: 1s}}", " 1000000 us 3 times"},
	{"{other: {}}", " 0 us 7 times"},
	{"{section: {wait: 5ms}}", " 5000 us 0 times"},
	{"{section: {times: 5}}", " 0 us 5 times"},
};

/* As they are without the folder of the test. */
static void is_read(const struct reading *r, const char *want, const char *text)
{
	char *got = NULL, *at;
	size_t len = 0, l = strlen(folder);
	FILE *out = open_memstream(&got, &len);

	put_sample(out, &sample);
	reading_put_errors(out, r);
	fclose(out);
	while ((at = strstr(got, folder))) {
		memmove(at + strlen("FOLDER"), at + l, strlen(at + l) + 1);
		memcpy(at, "FOLDER", strlen("FOLDER"));
	}
	is_str(got, want, text);
	free(got);
}

static void test_taken(void)
{
	for (size_t i = 0; i < ROW_COUNT(taken); i++) {
		struct reading r;

		is_int(sample_read(&r, taken[i].text), 0, taken[i].text);
		ok(r.good, "and nothing is wrong");
		is_read(&r, taken[i].want, taken[i].text);
		reading_clear(&r);
	}
}

/* None is a value too, where it is allowed. */
static void test_empty(void)
{
	static const char *const texts[] = {"{texts: []}", "{choices: []}", "{pairs: {}}",
					    "{sorted: {}}"};

	for (size_t i = 0; i < ROW_COUNT(texts); i++) {
		struct reading r;

		sample_read(&r, texts[i]);
		ok(r.good, "nothing is wrong");
		is_read(&r, "", texts[i]);
		reading_clear(&r);
	}
}

/* Defaults are those of a record's own kind. */
static void test_records(void)
{
	static const char text[] = "{record: {wait: 1s}, other: {}, section: {times: 1}}";
	struct reading r;

	is_int(sample_read(&r, text), 0, text);
	is_read(&r, " 1000000 us 3 times 0 us 7 times 0 us 1 times", "each of its own");
	reading_clear(&r);
}

static const struct {
	const char *text, *want;
} refused[] = {
	{"{\"duration\": 5}",
	 "duration: a duration is a string with a unit, as in \"5s\""},
	{"{\"duration\": []}",
	 "duration: expected a duration, as in \"30s\", found an array"},
	{"{duration: 9.999ms}",
	 "duration: \"9.999ms\" is out of range: from 10ms to 1m30s"},
	{"{duration: 90.000001s}",
	 "duration: \"90.000001s\" is out of range: from 10ms to 1m30s"},
	{"{number: 0}", "number: must be a whole number from 1 to 9"},
	{"{number: 10}", "number: must be a whole number from 1 to 9"},
	{"{number: 1.5}", "number: must be a whole number from 1 to 9"},
	{"{\"number\": \"1\"}", "number: expected a whole number, found a string"},
	{"{integer: -5}", "integer: must be a whole number from -4 to 8"},
	{"{integer: 9}", "integer: must be a whole number from -4 to 8"},
	{"{\"integer\": true}", "integer: expected a whole number, found true"},
	{"{\"flag\": 1}", "flag: expected true or false, found a number"},
	{"{\"text\": 5}", "text: expected a string, found a number"},
	{"{text: ''}", "text: must not be empty"},
	{"{text: abcdef}", "text: is 6 bytes long; at most 5 are taken"},
	{"{\"text\": \"a\\n\"}",
	 "text: \"a\\u000a\": control characters, line ends among "
	 "them, are not allowed"},
	{"{username: 'a\"'}", "username: \"a\\\"\": '\"' and '\\' are not allowed"},
	{"{username: 'a\\'}", "username: \"a\\\\\": '\"' and '\\' are not allowed"},
	{"{\"username\": 5}", "username: expected a string, found a number"},
	{"{\"file\": 5}", "file: expected a string, found a number"},
	{"{file: none}", "file: cannot read shown/none: No such file or directory"},
	{"{file: /none}", "file: cannot read /none: No such file or directory"},
	{"{file: /}", "file: cannot read /: Is a directory"},
	{"{\"file_name\": 5}", "file_name: expected a string, found a number"},
	{"{\"secret\": 5}", "secret: expected a string, found a number"},
	{"{secret: ''}", "secret: must not be empty"},
	{"{secret: '${}'}",
	 "secret: after \"${\" comes the name of an environment variable "
	 "and '}'"},
	{"{secret: '${A'}",
	 "secret: after \"${\" comes the name of an environment variable "
	 "and '}'"},
	{"{secret: '${A-}'}", "secret: after \"${\" comes the name of an environment "
			      "variable and '}'"},
	{"{secret: '${" LONGER "5}'}",
	 "secret: after \"${\" comes the name of an environment "
	 "variable and '}'"},
	{"{secret: '${-A}'}",
	 "secret: after \"${\" comes the name of an environment variable and '}'"},
	{"{secret: '${SECRET_TEST}${NONE}'}",
	 "secret: environment variable NONE: is not set"},
	{"{secret: '${SECRET_NONE}'}",
	 "secret: environment variable SECRET_NONE: is not set"},
	{"{secret: '${SECRET_EMPTY}'}",
	 "secret: environment variable SECRET_EMPTY: is not set"},
	{"{secret: '${SECRET_LINE}x'}", "secret: environment variable SECRET_LINE: "
					"control characters, line ends among them, "
					"are not allowed"},
	{"{\"secret\": \"\\u0001${SECRET_TEST}\"}",
	 "secret: control characters, line ends among them, are not allowed"},
	{"{secret: '${SECRET_TEST}${'}", "secret: after \"${\" comes the name of an "
					 "environment variable and '}'"},
	{"{\"secret_file\": 5}", "secret_file: expected a string, found a number"},
	{"{secret_file: none}",
	 "secret_file: cannot read shown/none: No such file or directory"},
	{"{secret_file: /none}",
	 "secret_file: cannot read /none: No such file or directory"},
	{"{secret_file: empty}",
	 "secret_file: cannot read shown/empty: it holds no password"},
	{"{\"choice\": 0}", "choice: expected a string, found a number"},
	{"{choice: three}", "choice: \"three\" is not known here; " LIST},
	{"{\"names\": 0}",
	 "names: expected a string or an array of strings, found a number"},
	{"{names: []}", "names: must not be empty"},
	{"{names: three}", "names: \"three\" is not known here; " LIST},
	{"{names: [three, one]}", "names[0]: \"three\" is not known here; " LIST},
	{"{names: [one, two, one]}", "names[2]: \"one\" is in the list already"},
	{"{rising: []}", "rising: must not be empty"},
	{"{rising: 1}", "rising: expected an array, found a number"},
	{"{rising: [1, 2, 3, 4]}", "rising: has 4 entries; at most 3 are taken"},
	{"{rising: [1, 2, 2]}", "rising[2]: must be greater than the one before it"},
	{"{rising: [x, 2, 1]}", "rising[0]: expected a number, found a string"},
	{"{texts: [a, b, b]}", "texts[2]: \"b\" is in the list already"},
	{"{texts: [a, b, c, a]}", "texts[3]: \"a\" is in the list already"},
	{"{\"texts\": [1, \"a\"]}", "texts[0]: expected a string, found a number"},
	{"{choices: [zero, three]}", "choices[1]: \"three\" is not known here; " LIST},
	{"{pairs: [a]}",
	 "pairs: expected an object of names and strings, found an array"},
	{"{pairs: {a: 1, b: 2, c: 3, d: 4}}",
	 "pairs: has 4 entries; at most 3 are taken"},
	{"{pairs: {a b: 1}}", "pairs[\"a b\"]: pair \"a b\": has a space"},
	{"{pairs: {a: abcdef}}", "pairs.a: is 6 bytes long; at most 5 are taken"},
	{"{\"pairs\": {\"a\": 1}}", "pairs.a: expected a string, found a number"},
	{"{\"pairs\": {\"a\": \"\\n\"}}",
	 "pairs.a: \"\\u000a\": control characters, line ends "
	 "among them, are not allowed"},
	{"{\"pairs\": {\"password\": \"\\n\"}}",
	 "pairs.password: control characters, line ends among them, are not allowed"},
	{"{pairs: {a: 1, b: 2, a: 3}}",
	 "pairs.a: duplicate key \"a\", first used at line 1"},
	{"{sorted: {a: 1, A: 2, a: 3}}",
	 "sorted.A: duplicate key \"A\", first used at line 1 | "
	 "sorted.a: duplicate key \"a\", first used at line 1"},
	{"{sorted: {a: a}}", "sorted.a: is the same as its name"},
	{"{record: {times: 10}}", "record.times: must be a whole number from 0 to 9"},
	{"{record: 5}", "record: expected an object, found a number"},
};

static void test_refused(void)
{
	for (size_t i = 0; i < ROW_COUNT(refused); i++) {
		struct reading r;

		is_int(sample_read(&r, refused[i].text), 0, refused[i].text);
		ok(!r.good, "it is refused");
		is_read(&r, refused[i].want, "nothing is stored");
		reading_clear(&r);
	}
}

/* A row is equal in two structs exactly when it was read alike. */
static void test_equal(void)
{
	static struct sample samples[ROW_COUNT(taken)][2];
	static struct reading r[ROW_COUNT(taken)][2];
	unsigned wrong = 0;

	for (size_t i = 0; i < ROW_COUNT(taken); i++)
		for (size_t k = 0; k < 2; k++) {
			sample_read(&r[i][k], taken[i].text);
			samples[i][k] = sample;
		}
	for (size_t i = 0; i < ROW_COUNT(taken); i++)
		for (size_t k = 0; k < ROW_COUNT(taken); k++) {
			bool same = true;

			for (size_t f = 0; f < ROW_COUNT(rows); f++)
				same &= rows[f].type->equal(&rows[f], &samples[i][0],
							    &samples[k][1]);
			if (same != (i == k)) {
				printf("# %s and %s\n", taken[i].text, taken[k].text);
				wrong++;
			}
		}
	is_int(wrong, 0, "what was read alike is equal, and nothing else");
	for (size_t i = 0; i < ROW_COUNT(taken); i++)
		for (size_t k = 0; k < 2; k++)
			reading_clear(&r[i][k]);
}

/* A password of 1024 bytes is taken, of one more refused, from wherever it comes. */
static void test_long_secrets(void)
{
	static const struct {
		const char *text;
		size_t len;
		bool taken;
	} cases[] = {
		{"{secret: 'x${SECRET_LONG}'}", 1023, true},
		{"{secret: 'x${SECRET_LONG}'}", 1024, false},
		{"{secret: '${SECRET_LONG}'}", 1024, true},
		{"{secret: '${SECRET_LONG}'}", 1025, false},
		{"{secret: '${SECRET_LONG}x'}", 1024, false},
		{"{secret: '${SECRET_LONG}${SECRET_LONG}'}", 513, false},
		{"{secret_file: long}", 1024, true},
		{"{secret_file: long}", 1025, false},
		{"{secret_file: long}", 2000, false},
	};

	for (size_t i = 0; i < ROW_COUNT(cases); i++) {
		char value[2001] = "", path[64];
		struct reading r;
		FILE *f;

		memset(value, 'a', cases[i].len);
		setenv("SECRET_LONG", value, 1);
		snprintf(path, sizeof(path), "%s/long", folder);
		f = fopen(path, "we");
		if (f) {
			fprintf(f, "%s\r\n", value);
			fclose(f);
		}
		sample_read(&r, cases[i].text);
		is_int(r.good, cases[i].taken, cases[i].text);
		ok(cases[i].taken ||
			   strstr(r.errs.list[0].message, "longer than 1024 bytes"),
		   "why");
		reading_clear(&r);
	}
}

/* What was found of a file holds for all who name it. */
static void test_file_once(void)
{
	static const char text[] = "{\"file\": \"/dev/null\"}";
	struct doc d = {.path = "x", .text = text, .len = strlen(text)};
	const cJSON *set[ROW_COUNT(rows)] = {0};
	struct doc_path at = {0};
	struct reading r;

	sample_read(&r, "{file: /dev/null}");
	set_find(&r.walk.files, "/dev/null", strlen("/dev/null"))->value = 1 + EPERM;
	r.walk.doc = &d;
	is_int(doc_parse(&d, &r.report), 0, "named again");
	at.node = d.tree;
	ok(!walk_section(&r.walk, &section_sample, &at, &sample, set),
	   "not opened again");
	is_str(r.errs.list[0].message, "cannot read /dev/null: Operation not permitted",
	       "what is said of it");
	doc_free(&d);
	reading_clear(&r);
}

/* Whichever allocation fails, it is told, and nothing is stored. */
static void test_no_memory(void)
{
	for (size_t i = 0; i < ROW_COUNT(taken); i++) {
		unsigned wrong = 0;
		long n = 0;
		bool failed;

		do {
			struct reading r;
			int err;

			countdown = n++;
			err = sample_read(&r, taken[i].text);
			failed = countdown < 0;
			countdown = -1;
			wrong += failed != (err == ENOMEM) || failed == r.good;
			if (failed)
				is_read(&r, "", "nothing is stored");
			reading_clear(&r);
		} while (failed);
		is_int(wrong, 0, taken[i].text);
	}
}

static void put_file(const char *name, const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

static void files_make(void)
{
	char path[64];

	put_file("line", "S\n");
	put_file("crlf", "T\r\n");
	put_file("empty", "\n");
	snprintf(path, sizeof(path), "%s/fifo", folder);
	mkfifo(path, 0600);
	setenv("SECRET_TEST", "test", 1);
	setenv("SECRET_EMPTY", "", 1);
	setenv("SECRET_LINE", "a\n", 1);
	setenv(LONGER, "long", 1);
	unsetenv("SECRET_NONE");
	unsetenv("NONE");
}

static void files_remove(void)
{
	static const char *const names[] = {"line", "crlf", "empty", "fifo", "long"};
	char path[64];

	for (size_t i = 0; i < ROW_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

int main(void)
{
	if (!ok(mkdtemp(folder) != NULL, "a folder"))
		return tap_done();
	files_make();
	test_taken();
	test_empty();
	test_records();
	test_refused();
	test_equal();
	test_long_secrets();
	test_file_once();
	test_no_memory();
	files_remove();
	return tap_done();
}

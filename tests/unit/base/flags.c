/* Command lines of one table: forms of a flag, sentences, the layout of --help. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/flags.h"
#include "tests/unit/tap.h"

enum { WORDS_MAX = 8 };

struct options {
	const char *file;
	const char *where; /* of an optional value */
	const char *list[3];
	size_t count;
	int colour;
	bool loud;
	bool help;
	const char *word;
};

static struct options got;
static char text[256];

static int set_list(struct flags *p, const struct flag *f, const char *value)
{
	struct options *o = p->out;

	if (o->count == 2)
		return flags_refuse(p, f, value, "is one too many");
	o->list[o->count++] = value;
	return 0;
}

static int take_word(struct flags *p, const char *word)
{
	struct options *o = p->out;

	if (o->word)
		return flags_complain(p, "%s is a second word", word);
	o->word = word;
	return 0;
}

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct flag rows[] = {
	{
		.group = "First",
		.name = "in.file",
		.letter = 'f',
		.metavar = "PATH",
		.set = flags_set_text,
		.offset = offsetof(struct options, file),
		.help = "Read this.",
	},
	{
		.name = "ask",
		.metavar = "URL",
		.optional = true,
		.set = flags_set_text,
		.offset = offsetof(struct options, where),
		.help = "Ask there.",
	},
	{
		.name = "add",
		.letter = 'a',
		.metavar = "X",
		.repeats = true,
		.fallback = "nothing",
		.set = set_list,
		.help = "Add X, which may be repeated, in a text that is long enough to "
			"be laid out over two lines.",
	},
	{
		.group = "Second",
		.name = "out.colour",
		.metavar = "COLOUR",
		.fallback = "green",
		.choices = colours,
		.set = flags_set_choice,
		.offset = offsetof(struct options, colour),
		.help = "Paint.",
	},
	{
		.name = "loud",
		.letter = 'l',
		.set = flags_set_switch,
		.offset = offsetof(struct options, loud),
		.help = "Shout.",
	},
	{
		.name = "help",
		.letter = 'h',
		.last = true,
		.set = flags_set_switch,
		.offset = offsetof(struct options, help),
		.help = "Help.",
	},
};

enum { COUNT = sizeof(rows) / sizeof(*rows) };

static int parse(const char *const *words, bool argument)
{
	struct flags p = {
		.rows = rows,
		.count = COUNT,
		.out = &got,
		.argument = argument ? take_word : NULL,
		.err_text = text,
		.err_size = sizeof(text),
	};
	char *argv[WORDS_MAX + 1] = {NULL};
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	memset(&got, 0, sizeof(got));
	text[0] = '\0';
	return flags_parse(&p, argc, argv);
}

static const struct {
	const char *words[WORDS_MAX];
	struct options want;
} right[] = {
	{{NULL}, {.list = {"nothing"}, .count = 1, .colour = 1}},
	{{"--in.file=a"}, {.file = "a", .list = {"nothing"}, .count = 1, .colour = 1}},
	{{"--in.file", "a", "--loud"},
	 {.file = "a", .list = {"nothing"}, .count = 1, .colour = 1, .loud = true}},
	{{"--in.file=a=b"},
	 {.file = "a=b", .list = {"nothing"}, .count = 1, .colour = 1}},
	{{"--in.file", "--loud"},
	 {.file = "--loud", .list = {"nothing"}, .count = 1, .colour = 1}},
	{{"-fa", "-l"},
	 {.file = "a", .list = {"nothing"}, .count = 1, .colour = 1, .loud = true}},
	{{"-f", "a"}, {.file = "a", .list = {"nothing"}, .count = 1, .colour = 1}},
	{{"--add=x", "-ay"}, {.list = {"x", "y"}, .count = 2, .colour = 1}},
	{{"--out.colour=blue"}, {.list = {"nothing"}, .count = 1, .colour = 2}},
	{{"--ask"}, {.list = {"nothing"}, .count = 1, .colour = 1}},
	{{"--ask=u", "-"},
	 {.where = "u", .list = {"nothing"}, .count = 1, .colour = 1, .word = "-"}},
	{{"--ask", "u"}, {.list = {"nothing"}, .count = 1, .colour = 1, .word = "u"}},
	{{"-h", "--nonsense"},
	 {.list = {"nothing"}, .count = 1, .colour = 1, .help = true}},
};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void test_right(void)
{
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		const struct options *w = &right[i].want;
		const char *first = right[i].words[0];

		is_int(parse(right[i].words, true), 0, first ? first : "no word");
		is_str(text, "", "nothing to say");
		ok(same(got.file, w->file) && same(got.where, w->where) &&
			   same(got.word, w->word),
		   "its texts");
		ok(got.colour == w->colour && got.loud == w->loud && got.help == w->help,
		   "its choice and switches");
		ok(got.count == w->count && same(got.list[0], w->list[0]) &&
			   same(got.list[1], w->list[1]),
		   "its list");
	}
}

static const struct {
	const char *words[WORDS_MAX];
	const char *text;
} wrong[] = {
	{{"--in.fil"}, "unknown flag --in.fil, did you mean --in.file?"},
	{{"--LOUD"}, "unknown flag --LOUD, did you mean --loud?"},
	{{"--laod"}, "unknown flag --laod"},
	{{"--luod"}, "unknown flag --luod, did you mean --loud?"},
	{{"--file=x"}, "unknown flag --file, did you mean --in.file?"},
	{{"--out"}, "unknown flag --out, did you mean --out.colour?"},
	{{"-loud"}, "unknown flag -loud, did you mean --loud?"},
	{{"-z"}, "unknown flag -z"},
	{{"--"}, "unknown flag --"},
	{{"-"}, "unknown flag -"},
	{{"--loud=1"}, "--loud takes no value"},
	{{"--in.file"}, "--in.file needs a value: --in.file=PATH"},
	{{"--in.file="}, "--in.file needs a value: --in.file=PATH"},
	{{"-f"}, "--in.file needs a value: --in.file=PATH"},
	{{"--add", ""}, "--add needs a value: --add=X"},
	{{"--ask="}, "--ask needs a value: --ask=URL"},
	{{"--loud", "-l"}, "--loud is given twice"},
	{{"--in.file=a", "-fb"}, "--in.file is given twice"},
	{{"--ask", "--ask=u"}, "--ask is given twice"},
	{{"-ax", "-ay", "-az"}, "--add: \"z\" is one too many"},
	{{"--out.colour=pink"}, "--out.colour: \"pink\" is none of red, green, blue"},
	{{"word"}, "unexpected argument \"word\""},
	{{""}, "unexpected argument \"\""},
	{{"--nonsense", "-h"}, "unknown flag --nonsense"},
};

static void test_wrong(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		is_int(parse(wrong[i].words, false), EINVAL, wrong[i].text);
		is_str(text, wrong[i].text, "the sentence");
		ok(!got.file || !strcmp(got.file, "a"), "the first value stays");
		ok(got.colour == 1, "what was not read has its fallback");
	}
	is_int(parse((const char *[]){"a", "b", NULL}, true), EINVAL, "two words");
	is_str(text, "b is a second word", "the sentence of the table's owner");
}

/* A value may be as long as the system allows, the sentence still tells its reason. */
static void test_long(void)
{
	char word[1024] = "--out.colour=";
	char name[1024] = "--";

	memset(word + strlen(word), 'x', 900);
	is_int(parse((const char *[]){word, NULL}, false), EINVAL, "a long value");
	ok(strstr(text, "\" is none of red, green, blue") != NULL, "and why not");
	memset(name + 2, 'x', 900);
	is_int(parse((const char *[]){name, NULL}, false), EINVAL, "a long name");
	ok(!strncmp(text, "unknown flag --xxx", 18), "is unknown");
}

static const char help[] =
	"\nFirst\n"
	"  --in.file=PATH, -f\n"
	"      Read this.\n"
	"  --ask[=URL]\n"
	"      Ask there.\n"
	"  --add=X, -a\n"
	"      Add X, which may be repeated, in a text that is long enough to be laid\n"
	"      out over two lines. Default: nothing\n"
	"\nSecond\n"
	"  --out.colour=COLOUR\n"
	"      Paint. One of red, green, blue. Default: green\n"
	"  --loud, -l\n"
	"      Shout.\n"
	"  --help, -h\n"
	"      Help.\n";

static void test_help(void)
{
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	flags_help(out, rows, COUNT);
	fclose(out);
	is_str(printed, help, "the help");
	free(printed);
}

int main(void)
{
	test_right();
	test_wrong();
	test_long();
	test_help();
	return tap_done();
}

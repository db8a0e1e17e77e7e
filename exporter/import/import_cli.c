#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/flags.h"
#include "exporter/import/sources.h"

enum { FILES_MAX = 1024, EXIT_WRONG = 1, EXIT_USAGE = 2 };

/* All files together, in bytes. */
static const size_t all_max = 16UL * IMPORT_FILE_MAX;

struct import_args {
	const char *source;
	const char *paths[FILES_MAX];
	size_t count;
	bool help;
};

static const struct flag flags[] = {
	{
		.group = "Flags",
		.name = "help",
		.letter = 'h',
		.last = true,
		.set = flags_set_switch,
		.offset = offsetof(struct import_args, help),
		.help = "Print this text and exit.",
	},
};

enum { FLAG_COUNT = sizeof(flags) / sizeof(*flags) };

static const char usage[] =
	"Usage: siptrunk_exporter import SOURCE FILE...\n"
	"\n"
	"Prints a configuration with the trunks of another SIP server, and says on\n"
	"standard error, line by line, what it left out. FILE may be - for standard\n"
	"input; of several files one that cannot be used does not stop the others.\n"
	"Passwords are never printed: each is to be put into a file that the\n"
	"configuration names.\n"
	"\n"
	"Sources\n";

static const char exit_codes[] =
	"\n"
	"Exit code 0: printed, 1: a file cannot be used, or there is no trunk, 2: the\n"
	"command line is wrong.\n";

static int import_cli_help(void)
{
	fputs(usage, stdout);
	for (size_t i = 0; i < IMPORT_SOURCES; i++)
		printf("  %-11s %-16s %s\n", import_sources[i]->name,
		       import_sources[i]->file, import_sources[i]->about);
	flags_help(stdout, flags, FLAG_COUNT);
	fputs(exit_codes, stdout);
	return 0;
}

/* The first word is the source, all others are files. */
static int import_cli_argument(struct flags *p, const char *word)
{
	struct import_args *a = p->out;

	if (a->source && a->count == FILES_MAX)
		return flags_complain(p, "at most %d files at once", FILES_MAX);
	if (a->source)
		a->paths[a->count++] = word;
	else
		a->source = word;
	return 0;
}

static int import_cli_parse(struct import_args *a, int argc, char *const argv[],
			    char *err_text, size_t err_size)
{
	struct flags p = {
		.rows = flags,
		.count = FLAG_COUNT,
		.out = a,
		.argument = import_cli_argument,
		.err_text = err_text,
		.err_size = err_size,
	};
	int err = flags_parse(&p, argc, argv);

	if (err || a->help)
		return err;
	if (!a->source)
		return flags_complain(
			&p, "it needs a source, as in import kamailio dispatcher.list");
	if (!import_source_find(a->source))
		return flags_complain(
			&p,
			"the source is none of kamailio, opensips, asterisk, "
			"freeswitch: %.100s",
			a->source);
	if (!a->count)
		return flags_complain(&p, "it needs a file after %s", a->source);
	return 0;
}

static int import_cli_read(struct import_text *t, const char *path)
{
	bool standard = !strcmp(path, "-");
	char *text = NULL;
	int err = standard ? file_read_fd(&text, &t->len, STDIN_FILENO, IMPORT_FILE_MAX)
			   : file_read(&text, &t->len, path, IMPORT_FILE_MAX);

	if (err)
		return err;
	/* The byte order mark of Windows' editors is no part of it. */
	if (t->len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		t->len -= 3;
		memmove(text, text + 3, t->len);
	}
	t->file = standard ? "standard input" : path;
	t->text = text;
	return 0;
}

static const char *import_cli_sentence(int err)
{
	if (err == ENODATA)
		return "no trunk found";
	if (err == EFBIG)
		return "it is larger than an import may be";
	return err == EINVAL ? "it is not what it should be, see above" : strerror(err);
}

/* Reads what can be read, and says what cannot. Returns how many cannot. */
static size_t import_cli_read_all(struct import_text *texts, size_t *count,
				  const struct import_args *a)
{
	size_t all = 0, failed = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct import_text *t = &texts[*count];
		int err = import_cli_read(t, a->paths[i]);

		if (!err && (all += t->len) > all_max) {
			file_free((char *)(uintptr_t)t->text, t->len);
			err = EFBIG;
		}
		if (err)
			fprintf(stderr, "siptrunk_exporter: import: %s: %s\n",
				a->paths[i], import_cli_sentence(err));
		failed += err != 0;
		*count += !err;
	}
	return failed;
}

/* The end of an import that came to nothing. */
static void import_cli_complain(const struct import_text *texts, size_t count, int err)
{
	if (count == 1)
		fprintf(stderr, "siptrunk_exporter: import: %s: %s\n", texts[0].file,
			import_cli_sentence(err));
	else
		fprintf(stderr, "siptrunk_exporter: import: %zu files: %s\n", count,
			import_cli_sentence(err));
}

static int import_cli_run(const struct import_args *a)
{
	struct import_text texts[FILES_MAX] = {0};
	size_t count = 0, unusable = 0;
	size_t failed = import_cli_read_all(texts, &count, a);
	int err = 0;

	if (count)
		err = import_run(stdout, stderr, a->source, texts, count, &unusable);
	if (err)
		import_cli_complain(texts, count, err);
	for (size_t i = 0; i < count; i++)
		file_free((char *)(uintptr_t)texts[i].text, texts[i].len);
	return err || failed || unusable ? EXIT_WRONG : 0;
}

int import_cli(int argc, char *const argv[])
{
	struct import_args a = {0};
	char why[256];

	if (!import_cli_parse(&a, argc, argv, why, sizeof(why)))
		return a.help ? import_cli_help() : import_cli_run(&a);
	fprintf(stderr,
		"siptrunk_exporter: import: %s\n\n"
		"All flags: siptrunk_exporter import --help\n",
		why);
	return EXIT_USAGE;
}

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/flags.h"
#include "exporter/import/model.h"

enum { FILES_MAX = 64, EXIT_WRONG = 1, EXIT_USAGE = 2 };

static const struct import_source *const sources[] = {
	&import_kamailio,
	&import_asterisk,
	&import_freeswitch,
};

enum { SOURCES = sizeof(sources) / sizeof(*sources) };

static const struct import_source *import_cli_source_find(const char *name)
{
	for (size_t i = 0; i < SOURCES; i++) {
		if (!strcmp(sources[i]->name, name))
			return sources[i];
	}
	return NULL;
}

static void import_clear(struct import *im)
{
	set_free(&im->names);
	set_free(&im->secrets);
	arena_free(&im->arena);
}

int import_run(FILE *out, FILE *notes, const char *source,
	       const struct import_text *texts, size_t count)
{
	const struct import_source *s = import_cli_source_find(source);
	struct import im = {.notes = notes};

	if (!s)
		return ENOENT;
	STAILQ_INIT(&im.trunks);
	for (size_t i = 0; i < count && !im.err; i++) {
		im.at = (struct import_at){texts[i].file, 1};
		s->read(&im, texts[i].text, texts[i].len);
	}
	if (s->finish && !im.err)
		s->finish(&im);
	if (!im.err && !im.trunk_count)
		import_fail(&im, ENODATA);
	if (!im.err)
		import_settle(&im);
	if (!im.err) {
		import_emit(&im, out);
		fprintf(notes, "%zu trunk%s\n", im.trunk_count,
			im.trunk_count == 1 ? "" : "s");
	}
	if (s->clear)
		s->clear(&im);
	import_clear(&im);
	return im.err;
}

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
	"input. Passwords are never printed: each is to be put into a file that the\n"
	"configuration names.\n"
	"\n"
	"Sources\n";

static const char exit_codes[] =
	"\n"
	"Exit code 0: printed, 1: a file cannot be used or has no trunk in it, 2: the\n"
	"command line is wrong.\n";

static int import_cli_help(void)
{
	fputs(usage, stdout);
	for (size_t i = 0; i < SOURCES; i++)
		printf("  %-11s %-16s %s\n", sources[i]->name, sources[i]->file,
		       sources[i]->about);
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
	if (!import_cli_source_find(a->source))
		return flags_complain(
			&p,
			"the source is none of kamailio, asterisk, freeswitch: %.100s",
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

static int import_cli_run(const struct import_args *a)
{
	struct import_text texts[FILES_MAX] = {0};
	const char *at = NULL;
	int err = 0;

	for (size_t i = 0; i < a->count && !err; i++) {
		at = a->paths[i];
		err = import_cli_read(&texts[i], at);
	}
	if (!err) {
		at = a->paths[0];
		err = import_run(stdout, stderr, a->source, texts, a->count);
	}
	if (err)
		fprintf(stderr, "siptrunk_exporter: import: %s: %s\n", at,
			import_cli_sentence(err));
	for (size_t i = 0; i < a->count; i++)
		file_free((char *)(uintptr_t)texts[i].text, texts[i].len);
	return err ? EXIT_WRONG : 0;
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

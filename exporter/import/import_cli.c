#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/import/model.h"

enum { FILES_MAX = 64, EXIT_WRONG = 1, EXIT_USAGE = 2 };

static const struct import_source *const sources[] = {
	&import_kamailio,
	&import_asterisk,
	&import_freeswitch,
};

enum { SOURCES = sizeof(sources) / sizeof(*sources) };

static const struct import_source *source_find(const char *name)
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
	const struct import_source *s = source_find(source);
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

static void print_help(FILE *out)
{
	fputs("Usage: siptrunk_exporter import SOURCE FILE...\n"
	      "\n"
	      "Prints a configuration with the trunks of another SIP server, and says "
	      "on\n"
	      "standard error, line by line, what it left out. FILE may be - for "
	      "standard\n"
	      "input. Passwords are never printed: each is to be put into a file that "
	      "the\n"
	      "configuration names.\n"
	      "\n"
	      "Sources\n",
	      out);
	for (size_t i = 0; i < SOURCES; i++)
		fprintf(out, "  %-11s %-16s %s\n", sources[i]->name, sources[i]->file,
			sources[i]->about);
	fputs("\n"
	      "Flags\n"
	      "  --help\n"
	      "      Print this text and exit.\n"
	      "\n"
	      "Exit code 0: printed, 1: a file cannot be used or has no trunk in it, 2: "
	      "the\n"
	      "command line is wrong.\n",
	      out);
}

static int import_cli_usage(const char *what, const char *which)
{
	fprintf(stderr,
		"siptrunk_exporter: import: %s%s\n\n"
		"All of it: siptrunk_exporter import --help\n",
		what, which);
	return EXIT_USAGE;
}

/* All of a stream, at most one byte more than may be. */
static int read_stream(char **textp, size_t *lenp, FILE *in)
{
	size_t cap = 0, len = 0;
	char *text = NULL;

	do {
		size_t want = cap ? 2 * cap : 65536;
		char *more = realloc(text, want);

		if (!more) {
			free(text);
			return ENOMEM;
		}
		text = more;
		cap = want;
		len += fread(text + len, 1, cap - len, in);
	} while (len == cap && len <= IMPORT_FILE_MAX);
	if (ferror(in) || len > IMPORT_FILE_MAX) {
		int err = ferror(in) ? errno : EFBIG;

		free(text);
		return err ? err : EIO;
	}
	*textp = text;
	*lenp = len;
	return 0;
}

static int read_file(struct import_text *t, const char *path)
{
	bool standard = !strcmp(path, "-");
	FILE *in = standard ? stdin : fopen(path, "re");
	char *text = NULL;
	int err = in ? read_stream(&text, &t->len, in) : errno;

	if (in && !standard)
		fclose(in);
	if (err)
		return err;
	/* What Windows' editors put before UTF-8 is no part of it. */
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

static int import_cli_run(const char *source, char *const paths[], size_t count)
{
	struct import_text texts[FILES_MAX] = {0};
	size_t i = 0;
	int err = 0;

	for (; i < count && !err; i++)
		err = read_file(&texts[i], paths[i]);
	if (err)
		fprintf(stderr, "siptrunk_exporter: import: %s: %s\n", paths[i - 1],
			import_cli_sentence(err));
	else
		err = import_run(stdout, stderr, source, texts, count);
	if (err && texts[count - 1].file)
		fprintf(stderr, "siptrunk_exporter: import: %s: %s\n", paths[0],
			import_cli_sentence(err));
	for (i = 0; i < count; i++)
		free((void *)(uintptr_t)texts[i].text);
	return err ? EXIT_WRONG : 0;
}

int import_cli(int argc, char *const argv[])
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			print_help(stdout);
			return 0;
		}
	}
	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1])
			return import_cli_usage("unknown flag ", argv[i]);
	}
	if (!argc)
		return import_cli_usage(
			"it needs a source, as in import kamailio dispatcher.list", "");
	if (!source_find(argv[0]))
		return import_cli_usage(
			"the source is none of kamailio, asterisk, freeswitch: ",
			argv[0]);
	if (argc < 2)
		return import_cli_usage("it needs a file after ", argv[0]);
	if (argc - 1 > FILES_MAX)
		return import_cli_usage("at most 64 files at once", "");
	return import_cli_run(argv[0], argv + 1, (size_t)argc - 1);
}

/*
 * Any bytes as another server's configuration: what an import prints is a configuration
 * that the validator takes.
 */
#include <errno.h>
#include <string.h>

#include "config/config.h"
#include "exporter/import/import.h"
#include "tests/fuzz/fuzz.h"

static const char *const sources[] = {"kamailio", "asterisk", "freeswitch"};

struct text {
	char *p;
	size_t len;
};

static FILE *open_text(struct text *t)
{
	FILE *f = open_memstream(&t->p, &t->len);

	must(f);
	return f;
}

/* That a password still has to be put into its file is the one thing to be left. */
static bool is_secret(const struct config_error *e)
{
	const char *dot = strrchr(e->json_path, '.');

	return dot && !strcmp(dot, ".password_file");
}

static void check_config(const struct text *t)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	int err = config_parse(&c, t->p, t->len, "/nowhere/fuzz.json", &errs);

	for (size_t i = 0; i < errs.count; i++) {
		if (!is_secret(&errs.list[i]))
			config_errors_print(&errs, stderr);
		must(is_secret(&errs.list[i]));
	}
	must(!err || errs.count);
	must(err || c->trunk_count);
	config_free(c);
	config_errors_clear(&errs);
}

/* A line of notes is one line, of printable bytes. */
static void check_notes(const struct text *t)
{
	for (size_t i = 0; i < t->len; i++)
		must(t->p[i] == '\n' || (t->p[i] >= ' ' && t->p[i] < 0x7f));
	must(!t->len || t->p[t->len - 1] == '\n');
}

/* What follows the first NUL is a second file, which the first may include. */
static void run(const char *source, const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	size_t first = nul ? (size_t)(nul - data) : size;
	const struct import_text in[] = {
		{"fuzz/a.conf", (const char *)data, first},
		{"fuzz/sip.conf", (const char *)(nul ? nul + 1 : data),
		 nul ? size - first - 1 : 0},
	};
	struct text out, notes;
	FILE *fo = open_text(&out), *fn = open_text(&notes);
	size_t unusable = 0;
	int err = import_run(fo, fn, source, in, nul ? 2 : 1, &unusable);

	fclose(fo);
	fclose(fn);
	must(err == 0 || err == ENODATA || err == EINVAL || err == EFBIG);
	must(!out.len == !!err);
	must(unusable <= 2);
	if (!err)
		check_config(&out);
	check_notes(&notes);
	free(out.p);
	free(notes.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		run(sources[i], data, size);
	return 0;
}

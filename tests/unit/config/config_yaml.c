/*
 * YAML says what JSON says: every file of tests/data/good, written as YAML in two ways,
 * is the same configuration.
 */
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/reader/doc.h"
#include "tests/unit/config/config_dump.h"
#include "tests/unit/exporter/store/kept.h"

/* Whether a text is the same without quotes, where text is wanted. */
static bool is_plain(const char *text)
{
	bool plain = *text && !strchr(" .;=%@-:", *text) && strcmp(text, "null");

	for (const char *p = text; *p && plain; p++)
		plain = (unsigned char)*p >= 0x80 || strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							    "abcdefghijklmnopqrstuvwxyz"
							    "0123456789 ._/@;=%+-:!",
							    *p);
	return plain && !strstr(text, ": ") && !strchr(": !", text[strlen(text) - 1]) &&
	       *text != '!';
}

static void write_text(FILE *out, const char *text)
{
	if (is_plain(text)) {
		fputs(text, out);
		return;
	}
	fputc('\'', out);
	for (; *text; text++)
		fprintf(out, *text == '\'' ? "''" : "%c", *text);
	fputc('\'', out);
}

static void write_block(FILE *out, const cJSON *v, int depth)
{
	if ((cJSON_IsObject(v) || cJSON_IsArray(v)) && !v->child) {
		fputs(cJSON_IsObject(v) ? " {}\n" : " []\n", out);
	} else if (cJSON_IsObject(v) || cJSON_IsArray(v)) {
		fputs(" # with comments\n", out);
		for (const cJSON *c = v->child; c; c = c->next) {
			fprintf(out, "%*s", 2 * depth, "");
			if (cJSON_IsObject(v))
				write_text(out, c->string);
			fputs(cJSON_IsObject(v) ? ":" : "-", out);
			write_block(out, c, depth + 1);
		}
	} else if (cJSON_IsNumber(v)) {
		fprintf(out, " %.17g\n", v->valuedouble);
	} else if (cJSON_IsString(v)) {
		fputc(' ', out);
		write_text(out, v->valuestring);
		fputc('\n', out);
	} else {
		fputs(cJSON_IsNull(v)	? " ~\n"
		      : cJSON_IsTrue(v) ? " true\n"
					: " False\n",
		      out);
	}
}

static char *dump(const char *text, size_t len, const char *path)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char *dumped = NULL;
	size_t size;
	FILE *out = open_memstream(&dumped, &size);

	is_int(config_parse(&c, text, len, path, &errs), 0, path);
	config_errors_print(&errs, stdout);
	if (c)
		put_config(out, c, false);
	fclose(out);
	config_errors_clear(&errs);
	config_free(c);
	return dumped;
}

static void check_same(const char *want, const char *text, size_t len, const char *path,
		       const char *what)
{
	char *got = dump(text, len, path);

	is_str(got, want, what);
	free(got);
}

static void check_file(const char *name)
{
	char path[256], *block = NULL, *want;
	size_t size;
	FILE *out = open_memstream(&block, &size);
	struct config_errors errs = {0};
	struct report r = {.errs = &errs};
	struct doc d = {.path = name};

	snprintf(path, sizeof(path), "%.*s.yml", (int)strlen(name) - 5, name);
	is_int(doc_load(&d, name, &r), 0, name);
	is_int(doc_parse(&d, &r), 0, name);
	write_block(out, d.tree, 0);
	fclose(out);
	want = dump(d.text, d.len, name);
	check_same(want, block, size, path, "in blocks, plain where that is the same");
	check_same(want, d.text, d.len, path, "JSON itself, as YAML");
	free(want);
	free(block);
	doc_free(&d);
}

int main(int argc, char **argv)
{
	glob_t g = {0};

	setenv("SIPTRUNK_TEST_SECRET", "from the environment", 1);
	if (argc < 2 || chdir(argv[1]) || chdir("good") || glob("*.json", 0, NULL, &g) ||
	    !getcwd(folder, sizeof(folder)))
		return 2;
	ok(g.gl_pathc > 8, "%zu good files", g.gl_pathc);
	for (size_t i = 0; i < g.gl_pathc; i++)
		check_file(g.gl_pathv[i]);
	globfree(&g);
	return tap_done();
}

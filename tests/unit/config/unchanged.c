/* Whether a load would read the same again: of each thing that it reads, changed alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/unchanged-XXXXXX";

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
}

static const struct {
	const char *name, *text;
} files[] = {
	{"main.json", "{\"trunk_files\": [\"d/*.json\", \"one.json\"], \"trunks\":"
		      " [{\"name\": \"a\", \"uri\": \"sip:h\", \"auth\": {\"username\":"
		      " \"u\", \"password_file\": \"secret\"}}]}"},
	{"one.json", "{\"trunks\": [{\"name\": \"b\", \"uri\": \"sip:h\"}]}"},
	{"d/c.json", "{\"trunks\": [{\"name\": \"c\", \"uri\": \"sip:h\"}]}"},
	{"secret", "sesame\n"},
};

enum { FILES = sizeof(files) / sizeof(files[0]) };

static void put_all(void)
{
	for (size_t i = 0; i < FILES; i++)
		put(files[i].name, files[i].text);
}

static struct config *load(const char *path)
{
	struct config_errors errs = {0};
	struct config *c = NULL;

	if (config_load(&c, path, &errs))
		config_errors_print(&errs, stdout);
	config_errors_clear(&errs);
	return c;
}

static void test_each(const struct config *c)
{
	char text[512];

	ok(config_unchanged(c), "all is as it was");
	for (size_t i = 0; i < FILES; i++) {
		snprintf(text, sizeof(text), "%s ", files[i].text);
		put(files[i].name, text);
		ok(!config_unchanged(c), "a space more in %s", files[i].name);
		put(files[i].name, "");
		ok(!config_unchanged(c), "nothing in %s", files[i].name);
		(void)unlink(files[i].name);
		ok(!config_unchanged(c), "no %s", files[i].name);
		put(files[i].name, files[i].text);
		ok(config_unchanged(c), "%s is back", files[i].name);
	}
}

/* The same bytes in another file, or in another order, are another configuration. */
static void test_files(const struct config *c)
{
	put("d/d.json", "{}");
	ok(!config_unchanged(c), "one more matches");
	(void)unlink("d/d.json");
	ok(config_unchanged(c), "as before");
	(void)rename("d/c.json", "d/b.json");
	ok(!config_unchanged(c), "one by another name");
	(void)rename("d/b.json", "d/c.json");
	put("one.json", files[2].text);
	put("d/c.json", files[1].text);
	ok(!config_unchanged(c), "two that changed places");
	put_all();
	ok(config_unchanged(c), "and back");
}

/* A pipe gives its bytes once: who looks would take them from the load. */
static void test_pipe(const struct config *c)
{
	(void)unlink("secret");
	if (mkfifo("secret", 0600))
		exit(1);
	ok(!config_unchanged(c), "a pipe is not read, nor waited for");
	(void)unlink("secret");
	put_all();
}

static void test_text(void)
{
	static const char text[] = "{\"trunks\": []}";
	struct config_errors errs = {0};
	struct config *c = NULL;

	is_int(config_parse(&c, text, sizeof(text) - 1, NULL, &errs), 0, "from memory");
	ok(c && !config_unchanged(c), "there is no file to look at");
	config_free(c);
	config_errors_clear(&errs);
}

/* What a pause with an end means is another thing once it is over. */
static void test_time(void)
{
	static const char *const pauses[] = {"true", "\"until 2038-01-01T00:00Z\""};
	char text[256];

	for (size_t i = 0; i < 2; i++) {
		struct config *c;

		snprintf(text, sizeof(text),
			 "{\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:h\", "
			 "\"paused\": %s}]}",
			 pauses[i]);
		put("main.json", text);
		c = load("main.json");
		ok(c && config_unchanged(c) == !i, "paused: %s", pauses[i]);
		config_free(c);
	}
	put_all();
}

/* By the name that it was given by, wherever that is kept. */
static void test_name(void)
{
	char *name = strdup("main.json");
	struct config *c = name ? load(name) : NULL;

	if (!c)
		exit(1);
	memset(name, 'x', strlen(name));
	free(name);
	ok(config_unchanged(c), "the caller's name is not looked at again");
	config_free(c);
}

int main(void)
{
	struct config *c;

	if (!mkdtemp(folder) || chdir(folder) || mkdir("d", 0700))
		return 1;
	put_all();
	c = load("main.json");
	if (!c)
		return 1;
	test_each(c);
	test_files(c);
	test_pipe(c);
	config_free(c);
	test_text();
	test_time();
	test_name();
	for (size_t i = 0; i < FILES; i++)
		(void)unlink(files[i].name);
	(void)rmdir("d");
	(void)rmdir(folder);
	return tap_done();
}

/*
 * Every good file beside what came out of it: tests/data/good/NAME.json or NAME.yaml,
 * and NAME.out.
 * BLESS=1 in the environment writes the latter afresh; read the difference.
 */
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/config/config_dump.h"
#include "tests/unit/exporter/store/kept.h"

static void check_file(const char *name)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char path[256], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	snprintf(path, sizeof(path), "%.*s.out", (int)strlen(name) - 5, name);
	is_int(config_load(&c, name, &errs), 0, name);
	config_errors_print(&errs, stdout);
	if (c)
		put_config(out, c, true);
	fclose(out);
	is_kept(text, path, path);
	free(text);
	config_free(c);
	config_errors_clear(&errs);
}

int main(int argc, char **argv)
{
	glob_t g = {0};

	setenv("SIPTRUNK_TEST_SECRET", "from the environment", 1);
	if (argc < 2 || chdir(argv[1]) || chdir("good") || glob("*.json", 0, NULL, &g) ||
	    glob("*.yaml", GLOB_APPEND, NULL, &g) || !getcwd(folder, sizeof(folder)))
		return 2;
	for (size_t i = 0; i < g.gl_pathc; i++)
		check_file(g.gl_pathv[i]);
	globfree(&g);
	return tap_done();
}

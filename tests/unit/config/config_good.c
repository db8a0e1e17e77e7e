/*
 * Every good file beside what came out of it: tests/data/good/NAME.json or NAME.yaml,
 * and NAME.out.
 * BLESS=1 in the environment writes the latter afresh; read the difference.
 */
#include <glob.h>
#include <limits.h>
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

/* Files that hold passwords are told apart; a load that is good wants nothing more. */
static void check_secret_files(void)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char want[2][PATH_MAX + 32];

	snprintf(want[0], sizeof(want[0]), "%s/password.txt", folder);
	snprintf(want[1], sizeof(want[1]), "%s/crlf.txt", folder);
	if (config_load(&c, "auth.json", &errs))
		return;
	is_int((long long)c->secret_file_count, 2, "two files hold passwords");
	for (size_t i = 0; i < c->secret_file_count; i++)
		ok(!strcmp(c->secret_files[i], want[0]) ||
			   !strcmp(c->secret_files[i], want[1]),
		   "%s", c->secret_files[i]);
	ok(c->file_count > 2, "among all that are named");
	ok(!errs.wanted, "nothing is wanted");
	config_free(c);
}

static unsigned open_files(void)
{
	glob_t g = {0};
	unsigned n = glob("/proc/self/fd/*", 0, NULL, &g) ? 0 : (unsigned)g.gl_pathc;

	globfree(&g);
	return n;
}

int main(int argc, char **argv)
{
	unsigned open_before = open_files();
	glob_t g = {0};

	setenv("SIPTRUNK_TEST_SECRET", "from the environment", 1);
	if (argc < 2 || chdir(argv[1]) || chdir("good") || glob("*.json", 0, NULL, &g) ||
	    glob("*.yaml", GLOB_APPEND, NULL, &g) || !getcwd(folder, sizeof(folder)))
		return 2;
	for (size_t i = 0; i < g.gl_pathc; i++)
		check_file(g.gl_pathv[i]);
	globfree(&g);
	check_secret_files();
	is_int(open_files(), open_before, "all that was looked at is closed");
	return tap_done();
}

/*
 * Every bad file beside the exact lines it must cause: tests/data/bad/NAME.json or
 * NAME.yaml, and NAME.err.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "tests/unit/exporter/store/kept.h"

static void check_file(const char *name)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char *text = NULL, want[256];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	snprintf(want, sizeof(want), "%.*s.err", (int)strlen(name) - 5, name);
	ok(config_load(&c, name, &errs) == EINVAL && !c, "%s is refused", name);
	config_errors_print(&errs, out);
	fclose(out);
	is_kept(text, want, want);
	free(text);
	config_errors_clear(&errs);
	ok(!errs.list && !errs.count && !errs.dropped, "%s: errors cleared", name);
}

/* Faults that no file beside the others can hold. */
static void check_unreadable(void)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{"no/such.json",
		 "no/such.json: cannot read it: No such file or directory\n"},
		{"trunks.d", "trunks.d: cannot read it: Is a directory\n"},
		{"/dev/zero", "/dev/zero: cannot read it: it is larger than 256 MiB\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_errors errs = {0};
		struct config *c = NULL;
		char text[256] = "";
		FILE *out = fmemopen(text, sizeof(text), "w");

		is_int(config_load(&c, cases[i].path, &errs), EINVAL, cases[i].path);
		config_errors_print(&errs, out);
		fclose(out);
		is_str(text, cases[i].want, cases[i].path);
		config_errors_clear(&errs);
	}
}

/* The files that might mend it: all that was read or looked for, no folders. */
static void check_wanted(void)
{
	static const char text[] =
		"{\"defaults\": {\"auth\": {\"username\": \"u\",\n"
		"\"password_file\": \"/nonexistent/password\"},\n"
		"\"tls\": {\"ca_file\": \"/nonexistent/ca.pem\"}},\n"
		"\"trunk_files\": [\"/nonexistent/a.json\", \"/nonexistent/*.json\"]}";
	static const char *const want[] = {"/nonexistent/password", "/nonexistent/ca.pem",
					   "/nonexistent/a.json"};
	struct config_errors errs = {0};
	struct config *c = NULL;

	is_int(config_parse(&c, text, sizeof(text) - 1, NULL, &errs), EINVAL, "refused");
	is_int((long long)errs.wanted_count, 3, "three files are wanted");
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		bool found = false;

		for (size_t n = 0; n < errs.wanted_count; n++)
			found |= !strcmp(errs.wanted[n], want[i]);
		ok(found, "%s", want[i]);
	}
	config_errors_clear(&errs);
	ok(!errs.wanted && !errs.wanted_count, "cleared");
}

int main(int argc, char **argv)
{
	glob_t g = {0};

	unsetenv("SIPTRUNK_TEST_UNSET");
	if (argc < 2 || chdir(argv[1]) || chdir("bad") || glob("*.json", 0, NULL, &g) ||
	    glob("*.yaml", GLOB_APPEND, NULL, &g))
		return 2;
	ok(g.gl_pathc > 100, "%zu bad files", g.gl_pathc);
	for (size_t i = 0; i < g.gl_pathc; i++)
		check_file(g.gl_pathv[i]);
	globfree(&g);
	check_unreadable();
	check_wanted();
	return tap_done();
}

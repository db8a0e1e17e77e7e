/* Our checker and cJSON against JSONTestSuite; positions; bounds. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config.h"
#include "config/reader/doc.h"
#include "tests/unit/tap.h"

/* y_ files whose value is JSON but more than a configuration may hold. */
static bool is_beyond(const char *name)
{
	return strstr(name, "null_escape") || strstr(name, "double_close_to_zero") ||
	       strstr(name, "escaped_null_in_key") || strstr(name, "string_nul") ||
	       strstr(name, "_u+0000");
}

static void check_file(const char *name)
{
	struct config_errors errs = {0};
	struct report r = {.errs = &errs};
	struct doc d = {.path = name};
	struct config *c = NULL;
	char *text = NULL;
	int err, err_load;

	is_int(file_read(&text, &d.len, name, DOC_SIZE_MAX), 0, name);
	d.text = text;
	err = doc_parse(&d, &r);
	if (name[0] == 'n')
		ok(err == EINVAL && errs.count == 1, "%s: one mistake", name);
	else if (name[0] == 'y' && !is_beyond(name))
		ok(!err && !errs.count && d.tree, "%s: taken, and by cJSON too", name);
	else if (name[0] == 'y')
		ok(err == EINVAL && errs.count, "%s: more than we take", name);
	else
		ok(err == EINVAL || (!err && d.tree), "%s: either way", name);
	config_errors_clear(&errs);
	doc_free(&d);

	/* As a configuration none is right, and none is a surprise. */
	err_load = config_parse(&c, text, d.len, name, &errs);
	ok(err_load == EINVAL && errs.count && !c, "%s: no configuration", name);
	config_errors_clear(&errs);
	free(text);
}

static void check_syntax_only(const char *name)
{
	struct config_errors errs = {0};
	struct report r = {.errs = &errs};
	struct doc d = {.path = name};
	char *text = NULL;

	if (!file_read(&text, &d.len, name, DOC_SIZE_MAX)) {
		d.text = text;
		is_int(doc_check(&d, &r), 0, name);
	}
	config_errors_clear(&errs);
	doc_free(&d);
	free(text);
}

static void check_positions(void)
{
	static const char text[] = "{\n  \"a\": [1,\n\t{\"b\": null}], \"c\":\"x\"}";
	static const struct {
		unsigned line, col;
		int key;
	} want[] = {{1, 1, -1}, {2, 8, 4},  {2, 9, -1},
		    {3, 2, -1}, {3, 8, 15}, {3, 20, 28}};
	struct config_errors errs = {0};
	struct report r = {.errs = &errs};
	struct doc d = {.path = "x", .text = text, .len = strlen(text)};

	is_int(doc_parse(&d, &r), 0, "positions: parsed");
	is_int((long long)d.count, 6, "positions: all values noted");
	/* Backwards, then forwards: the cursor must not matter. */
	for (int i = -6; i < 6; i++) {
		size_t n = i < 0 ? (size_t)(-i - 1) : (size_t)i;
		unsigned line, col;

		doc_locate(&d, d.nodes[n].value, &line, &col);
		ok(line == want[n].line && col == want[n].col, "value %zu at %u:%u", n,
		   line, col);
		ok(d.nodes[n].key == (uint32_t)want[n].key, "key %zu at %u", n,
		   d.nodes[n].key);
	}
	doc_free(&d);
}

static void check_depth(unsigned depth, bool good)
{
	char text[128] = "";
	struct config_errors errs = {0};
	struct report r = {.errs = &errs};
	struct doc d = {.path = "x", .text = text, .len = 2 * depth};

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	is_int(doc_parse(&d, &r), good ? 0 : EINVAL, good ? "deep enough" : "too deep");
	config_errors_clear(&errs);
	doc_free(&d);
}

int main(int argc, char **argv)
{
	glob_t g = {0};

	if (argc < 2 || chdir(argv[1]) || chdir("json") || glob("*.json", 0, NULL, &g))
		return 2;
	ok(g.gl_pathc > 200, "%zu files", g.gl_pathc);
	for (size_t i = 0; i < g.gl_pathc; i++)
		check_file(g.gl_pathv[i]);
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (g.gl_pathv[i][0] == 'y')
			check_syntax_only(g.gl_pathv[i]);
	globfree(&g);
	check_positions();
	check_depth(DOC_DEPTH_MAX, true);
	check_depth(DOC_DEPTH_MAX + 1, false);
	return tap_done();
}

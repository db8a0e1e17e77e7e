/* Any bytes as a configuration in JSON and in YAML: never a crash, never a leak, never a
 * wrong promise. */
#include <errno.h>
#include <glob.h>
#include <string.h>

#include "config/config.h"
#include "config/uri.h"
#include "config/value.h"
#include "tests/fuzz/fuzz.h"

/* In place of the C library's: patterns like a star for every level take minutes. */
int glob(const char *pattern, int flags, int (*errfunc)(const char *, int), glob_t *pglob)
{
	(void)pattern;
	(void)flags;
	(void)errfunc;
	(void)pglob;
	return GLOB_NOMATCH;
}

void globfree(glob_t *pglob)
{
	(void)pglob;
}

static bool is_line(const char *text)
{
	return !text || !text[strcspn(text, "\r\n")];
}

static void check_trunk(const struct config_trunk *t)
{
	const struct config_settings *s = t->settings;
	struct config_uri uri;

	must(*t->name && is_line(t->name) && !config_uri_parse(t->uri, &uri));
	must(s->timeout_us < s->interval_us && s->timeout_us <= s->down_interval_us);
	must(is_line(s->from) && is_line(s->contact) && is_line(s->user_agent));
	for (size_t i = 0; i < s->route_count; i++)
		must(!value_template(s->route[i]));
	for (size_t i = 0; i < s->header_count; i++)
		must(is_line(s->headers[i].name) && is_line(s->headers[i].value));
	for (unsigned i = 1; i < t->label_count; i++)
		must(strcmp(t->labels[i - 1].name, t->labels[i].name) < 0);
	must(s->methods && s->methods < 1U << CONFIG_METHODS);
	if (s->auth) {
		must(*s->auth->username && *s->auth->password && s->auth->algorithms);
		must(is_line(s->auth->username) && !strpbrk(s->auth->username, "\"\\"));
	}
	must(config_trunk_equal(t, t));
}

static void check_errors(const struct config_errors *errs)
{
	must(errs->count);
	for (size_t i = 0; i < errs->count; i++)
		must(is_line(errs->list[i].message) && is_line(errs->list[i].json_path));
}

static void check_as(const uint8_t *data, size_t size, const char *path)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	int err = config_parse(&c, (const char *)data, size, path, &errs);

	must(err == (c ? 0 : EINVAL));
	if (err)
		check_errors(&errs);
	for (size_t i = 0; c && i < c->trunk_count; i++)
		check_trunk(&c->trunks[i]);
	config_free(c);
	config_errors_clear(&errs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_as(data, size, "fuzz.json");
	check_as(data, size, "fuzz.yaml");
	return 0;
}

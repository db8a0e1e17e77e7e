/* A text that is read into a struct by a section's table, for tests of types of values.
 */
#ifndef TESTS_UNIT_CONFIG_READER_READING_H
#define TESTS_UNIT_CONFIG_READER_READING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/reader/walk.h"

enum { READING_ROWS_MAX = 32 };

struct reading {
	struct config_errors errs;
	struct report report;
	struct arena arena;
	struct pool pool;
	struct walk walk;
	bool good; /* what walk_section() said */
};

/*
 * Reads JSON, or YAML where that is no JSON. The document is gone when this returns; the
 * rest is freed with reading_clear().
 *
 * @folder: what relative names of files begin with
 *
 * Returns 0; EINVAL, when it is neither; ENOMEM.
 */
static int reading_do(struct reading *r, const struct section *s, void *base,
		      const char *text, const char *folder)
{
	struct doc d = {
		.path = "x", .yaml = text[1] != '"', .text = text, .len = strlen(text)};
	const cJSON *set[READING_ROWS_MAX] = {0};
	struct doc_path at = {0};
	int err;

	memset(r, 0, sizeof(*r));
	r->report.errs = &r->errs;
	r->pool.arena = &r->arena;
	r->walk = (struct walk){.report = &r->report,
				.pool = &r->pool,
				.doc = &d,
				.folder = folder,
				.shown = "shown/"};
	err = doc_parse(&d, &r->report);
	if (!err) {
		at.node = d.tree;
		r->good = walk_section(&r->walk, s, &at, base, set);
	}
	doc_free(&d);
	return err ? err : r->report.err;
}

/* What is wrong, in the order of the text. */
static void reading_put_errors(FILE *out, const struct reading *r)
{
	for (size_t i = 0; i < r->errs.count; i++)
		fprintf(out, "%s%s: %s", i ? " | " : "", r->errs.list[i].json_path,
			r->errs.list[i].message);
}

static void reading_clear(struct reading *r)
{
	config_errors_clear(&r->errs);
	set_free(&r->walk.files);
	set_free(&r->walk.secrets);
	readings_clear(&r->walk.readings);
	pool_free(&r->pool);
	arena_free(&r->arena);
}

#endif

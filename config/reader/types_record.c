/* The type of sections that are taken whole. */
#include <stdio.h>
#include <string.h>

#include "config/reader/initial.h"
#include "config/reader/schema.h"
#include "config/reader/types.h"

/* Fills a struct with the tables' defaults, which are read once a load. */
static bool fill_initial(struct walk *w, const struct record_type *r, void *record)
{
	const cJSON *set[RECORD_FIELDS_MAX] = {0};
	struct walk_record *known = w->records;

	while (known->of && known->of != r)
		known++;
	if (!known->of) {
		if (initial_read(w, r->section, known->bytes, set))
			return walk_nomem(w);
		known->of = r;
	}
	memcpy(record, known->bytes, r->size);
	return true;
}

static bool read_record(struct walk *w, const struct field *f, const struct doc_path *at,
			void *base)
{
	const struct record_type *r = f->more;
	const cJSON *set[RECORD_FIELDS_MAX] = {0};
	union walk_record_bytes record;
	const void *kept;

	if (!fill_initial(w, r, &record) ||
	    !walk_section(w, r->section, at, &record, set))
		return false;
	kept = pool_blob(w->pool, &record, r->size);
	if (!kept)
		return walk_nomem(w);
	*TYPE_AT(const void *, base, f) = kept;
	return true;
}

static void schema_record(struct schema *s, const struct field *f)
{
	const struct record_type *r = f->more;
	char ref[64];

	snprintf(ref, sizeof(ref), "#/$defs/%s", r->section->name);
	schema_string(s, "$ref", ref);
}

static bool equal_record(const struct field *f, const void *a, const void *b)
{
	const struct record_type *r = f->more;
	const void *x = *TYPE_IN(const void *, a, f), *y = *TYPE_IN(const void *, b, f);

	if (!x || !y)
		return x == y;
	for (size_t i = 0; i < r->section->count; i++) {
		const struct field *row = &r->section->fields[i];

		if (!row->type->equal(row, x, y))
			return false;
	}
	return true;
}

const struct value_type type_record = {
	sizeof(void *),
	read_record,
	schema_record,
	equal_record,
};

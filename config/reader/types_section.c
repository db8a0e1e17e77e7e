/* The type of an object with a table of its own. */
#include <stdio.h>

#include "config/reader/schema.h"
#include "config/reader/types.h"

static bool read_section(struct walk *w, const struct field *f, const struct doc_path *at,
			 void *base)
{
	char *b = base;

	return walk_section(w, f->more, at, b + f->offset,
			    (const cJSON **)(void *)(b + f->beside));
}

static void schema_reference(struct schema *s, const struct field *f)
{
	const struct section *sub = f->more;
	char ref[64];

	snprintf(ref, sizeof(ref), "#/$defs/%s", sub->name);
	schema_string(s, "$ref", ref);
}

/* Whether every row of the section is equal. */
static bool equal_section(const struct field *f, const void *a, const void *b)
{
	const struct section *sub = f->more;
	const char *x = (const char *)a + f->offset, *y = (const char *)b + f->offset;

	for (size_t i = 0; i < section_count(sub); i++) {
		const struct field *row = section_field(sub, i);

		if (!row->type->equal(row, x, y))
			return false;
	}
	return true;
}

const struct value_type type_section = {0, read_section, schema_reference, equal_section};

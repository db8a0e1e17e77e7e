/* Kinds of sets of names, and of sections that are taken whole. */
#include <errno.h>
#include <string.h>

#include "config/kinds.h"
#include "config/level.h"
#include "config/schema.h"

static bool read_name(struct walk *w, const struct field *f, const struct spot *at,
		      unsigned *bits)
{
	const char *const *names = f->more;
	char list[128] = "";
	size_t len = 0;

	if (!cJSON_IsString(at->node))
		return walk_type_fault(w, at, "a string");
	for (unsigned i = 0; names[i]; i++) {
		if (!strcmp(names[i], at->node->valuestring)) {
			if (*bits & 1U << i)
				return walk_fault(w, at, "\"%s\" is in the list already",
						  names[i]);
			*bits |= 1U << i;
			return true;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s\"%s\"",
					!i	       ? ""
					: names[i + 1] ? ", "
						       : " or ",
					names[i]);
	}
	return walk_fault(w, at, "%s is not known here; it must be %s",
			  quote(at->node->valuestring).s, list);
}

static bool read_names(struct walk *w, const struct field *f, const struct spot *at,
		       void *base)
{
	struct spot here = {.up = at};
	unsigned bits = 0;
	bool good = true;

	if (!cJSON_IsArray(at->node)) {
		if (!cJSON_IsString(at->node))
			return walk_type_fault(w, at, "a string or an array of strings");
		good = read_name(w, f, at, &bits);
	} else if (!at->node->child) {
		return walk_fault(w, at, "must not be empty");
	}
	for (const cJSON *v = at->node->child; v; v = v->next, here.index++) {
		here.node = v;
		good = read_name(w, f, &here, &bits) && good;
	}
	if (good)
		*KIND_AT(unsigned, base, f) = bits;
	return good;
}

static void schema_enum(struct schema *s, const struct field *f)
{
	const char *const *names = f->more;

	schema_open(s, "enum", '[');
	for (size_t i = 0; names[i]; i++)
		schema_string(s, NULL, names[i]);
	schema_close(s, ']');
}

static void schema_names(struct schema *s, const struct field *f)
{
	schema_open(s, "anyOf", '[');
	schema_open(s, NULL, '{');
	schema_enum(s, f);
	schema_close(s, '}');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "array");
	schema_number(s, "minItems", 1);
	schema_flag(s, "uniqueItems", true);
	schema_open(s, "items", '{');
	schema_enum(s, f);
	schema_close(s, '}');
	schema_close(s, '}');
	schema_close(s, ']');
}

static bool equal_names(const struct field *f, const void *a, const void *b)
{
	return *KIND_IN(unsigned, a, f) == *KIND_IN(unsigned, b, f);
}

const struct kind kind_names = {
	sizeof(unsigned),
	read_names,
	schema_names,
	equal_names,
};

/* Fills a zeroed struct with the tables' defaults, which are read once a load. */
static bool fill_initial(struct walk *w, const struct record_kind *r, void *record)
{
	const cJSON *set[RECORD_FIELDS_MAX] = {0};
	struct walk_record *known = w->records;

	while (known->of && known->of != r)
		known++;
	if (!known->of) {
		if (level_builtin(w, r->section, known->bytes, set))
			return walk_nomem(w);
		known->of = r;
	}
	memcpy(record, known->bytes, r->size);
	return true;
}

static bool read_record(struct walk *w, const struct field *f, const struct spot *at,
			void *base)
{
	const struct record_kind *r = f->more;
	const cJSON *set[RECORD_FIELDS_MAX] = {0};
	union walk_record_bytes record = {{0}};
	const void *kept;

	if (!fill_initial(w, r, &record) ||
	    !walk_section(w, r->section, at, &record, set))
		return false;
	kept = pool_blob(w->pool, &record, r->size);
	if (!kept)
		return walk_nomem(w);
	*KIND_AT(const void *, base, f) = kept;
	return true;
}

static void schema_record(struct schema *s, const struct field *f)
{
	const struct record_kind *r = f->more;
	char ref[64];

	snprintf(ref, sizeof(ref), "#/$defs/%s", r->section->name);
	schema_string(s, "$ref", ref);
}

static bool equal_record(const struct field *f, const void *a, const void *b)
{
	const struct record_kind *r = f->more;
	const void *x = *KIND_IN(const void *, a, f), *y = *KIND_IN(const void *, b, f);

	if (!x || !y)
		return x == y;
	for (size_t i = 0; i < r->section->count; i++) {
		const struct field *row = &r->section->fields[i];

		if (!row->kind->equal(row, x, y))
			return false;
	}
	return true;
}

const struct kind kind_record = {
	sizeof(void *),
	read_record,
	schema_record,
	equal_record,
};

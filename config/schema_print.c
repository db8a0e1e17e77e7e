/* The JSON Schema (draft 2020-12), printed from the tables that validate. */
#include "config/load.h"
#include "config/reader/schema.h"
#include "config/types.h"

static void print_reference(struct schema *s, const char *section)
{
	char ref[64];

	snprintf(ref, sizeof(ref), "#/$defs/%s", section);
	schema_string(s, "$ref", ref);
}

/* Rows whose kind reads whole sections, by name or in a row. */
static void print_container(struct schema *s, const struct field *f)
{
	const struct section *sub = f->more;

	if (f->type == &type_layer) {
		print_reference(s, sub->name);
		return;
	}
	if (f->type == &type_trunks) {
		schema_string(s, "type", "array");
		schema_open(s, "items", '{');
		print_reference(s, sub->name);
		schema_close(s, '}');
		return;
	}
	if (f->type == &type_local || f->type == &type_media ||
	    f->type == &type_degraded) {
		print_reference(s, sub->name);
		return;
	}
	schema_string(s, "type", "object");
	schema_open(s, "propertyNames", '{');
	type_profile.schema(s, f);
	schema_close(s, '}');
	schema_open(s, "additionalProperties", '{');
	print_reference(s, sub->name);
	schema_close(s, '}');
}

static void print_field(struct schema *s, const struct field *f)
{
	char about[512];

	schema_open(s, f->key, '{');
	snprintf(about, sizeof(about), "%c%s.", f->about[0] & ~0x20, f->about + 1);
	if (f->about[0] < 'a' || f->about[0] > 'z')
		about[0] = f->about[0];
	schema_string(s, "title", f->key);
	schema_string(s, "description", about);
	if (f->type->schema)
		f->type->schema(s, f);
	else
		print_container(s, f);
	if (f->initial)
		schema_raw(s, "default", f->initial);
	schema_close(s, '}');
}

/* A row that the section has from its base: told there. */
static void print_inherited(struct schema *s, const struct section *base,
			    const struct field *f)
{
	char ref[96];

	snprintf(ref, sizeof(ref), "#/$defs/%s/properties/%s", base->name, f->key);
	schema_open(s, f->key, '{');
	schema_string(s, "$ref", ref);
	schema_close(s, '}');
}

static void print_one_key(struct schema *s, const char *word, const char *const *keys)
{
	if (!keys)
		return;
	schema_open(s, word, '[');
	for (size_t i = 0; keys[i]; i++) {
		schema_open(s, NULL, '{');
		schema_open(s, "required", '[');
		schema_string(s, NULL, keys[i]);
		schema_close(s, ']');
		schema_close(s, '}');
	}
	schema_close(s, ']');
}

static void print_required(struct schema *s, const struct section *sec)
{
	bool any = false;

	for (size_t i = 0; i < sec->count; i++)
		any = any || sec->fields[i].required;
	if (any) {
		schema_open(s, "required", '[');
		for (size_t i = 0; i < sec->count; i++)
			if (sec->fields[i].required)
				schema_string(s, NULL, sec->fields[i].key);
		schema_close(s, ']');
	}
	print_one_key(s, "anyOf", sec->any_of);
	print_one_key(s, "oneOf", sec->one_of);
}

static void print_members(struct schema *s, const struct section *sec)
{
	schema_string(s, "title", sec->name);
	schema_string(s, "description", sec->about);
	schema_string(s, "type", "object");
	schema_open(s, "properties", '{');
	for (size_t i = 0; i < sec->count; i++)
		print_field(s, &sec->fields[i]);
	for (size_t i = 0; sec->base && i < sec->base->count; i++)
		print_inherited(s, sec->base, &sec->base->fields[i]);
	schema_close(s, '}');
	schema_open(s, "patternProperties", '{');
	schema_open(s, "^//", '{');
	schema_string(s, "description", "A comment, whatever its value.");
	schema_close(s, '}');
	schema_close(s, '}');
	schema_flag(s, "additionalProperties", false);
	print_required(s, sec);
}

/* The section, and before it those that its rows refer to. */
static void print_definition(struct schema *s, const struct section *sec,
			     const struct section **done, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (done[i] == sec)
			return;
	done[(*count)++] = sec;
	schema_open(s, sec->name, '{');
	print_members(s, sec);
	schema_close(s, '}');
}

/* The section that a row refers to, or NULL. */
static const struct section *section_of(const struct field *f)
{
	if (f->type == &type_record)
		return ((const struct record_type *)f->more)->section;
	if (f->type == &type_section || f->type == &type_layer ||
	    f->type == &type_profiles || f->type == &type_trunks ||
	    f->type == &type_local || f->type == &type_media || f->type == &type_degraded)
		return f->more;
	return NULL;
}

static void print_definitions(struct schema *s, const struct section *sec,
			      const struct section **done, size_t *count)
{
	if (sec->base)
		print_definitions(s, sec->base, done, count);
	for (size_t i = 0; i < sec->count; i++) {
		const struct section *sub = section_of(&sec->fields[i]);

		if (!sub)
			continue;
		print_definitions(s, sub, done, count);
		print_definition(s, sub, done, count);
	}
}

void config_schema_print(FILE *out)
{
	struct schema s = {.out = out};
	const struct section *done[32];
	size_t count = 0;

	schema_open(&s, NULL, '{');
	schema_string(&s, "$schema", "https://json-schema.org/draft/2020-12/schema");
	print_members(&s, &section_file);
	schema_open(&s, "$defs", '{');
	print_definitions(&s, &section_file, done, &count);
	print_definition(&s, &section_trunk_file, done, &count);
	schema_close(&s, '}');
	schema_close(&s, '}');
	fputc('\n', out);
}

/* Kinds of known names: one of them, or a set. */
#include <stdio.h>
#include <string.h>

#include "config/types.h"
#include "config/schema.h"

/* Sets *ip to the index of the name in the row's; else says which there are. */
static bool find_name(unsigned *ip, struct walk *w, const struct field *f,
		      const struct doc_path *at)
{
	const char *const *names = f->more;
	char list[128] = "";
	size_t len = 0;

	if (!cJSON_IsString(at->node))
		return walk_type_fault(w, at, "a string");
	for (unsigned i = 0; names[i]; i++) {
		if (!strcmp(names[i], at->node->valuestring)) {
			*ip = i;
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

static void schema_name(struct schema *s, const struct field *f)
{
	const char *const *names = f->more;

	schema_open(s, "enum", '[');
	for (size_t i = 0; names[i]; i++)
		schema_string(s, NULL, names[i]);
	schema_close(s, ']');
}

static bool read_choice(struct walk *w, const struct field *f, const struct doc_path *at,
			void *base)
{
	unsigned i = 0;

	if (!find_name(&i, w, f, at))
		return false;
	*TYPE_AT(int, base, f) = (int)i;
	return true;
}

const struct value_type type_choice = {sizeof(int), read_choice, schema_name,
				       type_equal_int};

static bool read_name(struct walk *w, const struct field *f, const struct doc_path *at,
		      unsigned *bits)
{
	unsigned i = 0;

	if (!find_name(&i, w, f, at))
		return false;
	if (*bits & 1U << i)
		return walk_fault(w, at, "\"%s\" is in the list already",
				  at->node->valuestring);
	*bits |= 1U << i;
	return true;
}

static bool read_names(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *base)
{
	struct doc_path here = {.up = at};
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
		*TYPE_AT(unsigned, base, f) = bits;
	return good;
}

static void schema_names(struct schema *s, const struct field *f)
{
	schema_open(s, "anyOf", '[');
	schema_open(s, NULL, '{');
	schema_name(s, f);
	schema_close(s, '}');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "array");
	schema_number(s, "minItems", 1);
	schema_flag(s, "uniqueItems", true);
	schema_open(s, "items", '{');
	schema_name(s, f);
	schema_close(s, '}');
	schema_close(s, '}');
	schema_close(s, ']');
}

const struct value_type type_names = {
	sizeof(unsigned),
	read_names,
	schema_names,
	type_equal_unsigned,
};

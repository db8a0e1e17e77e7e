/* Types of known names: one of them, or a set. */
#include <stdio.h>
#include <string.h>

#include "config/reader/schema.h"
#include "config/reader/types.h"

enum { LIST_BYTES = 1024 };

/* The names as a sentence goes on with them: "a", "b" or "c". */
static void names_list(char list[LIST_BYTES], const char *const *names)
{
	size_t len = 0;

	for (unsigned i = 0; names[i] && len < LIST_BYTES; i++)
		len += (size_t)snprintf(list + len, LIST_BYTES - len, "%s\"%s\"",
					!i	       ? ""
					: names[i + 1] ? ", "
						       : " or ",
					names[i]);
}

int type_take_choice(struct walk *w, const struct doc_path *at, const char *const *names)
{
	const char *text = doc_text(at->node);
	char list[LIST_BYTES] = "";

	if (!text) {
		walk_type_fault(w, at, "a string");
		return -1;
	}
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], text))
			return i;
	names_list(list, names);
	walk_fault(w, at, "%s is not known here; it must be %s", quote(text).s, list);
	return -1;
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
	int i = type_take_choice(w, at, f->more);

	if (i >= 0)
		*TYPE_AT(int, base, f) = i;
	return i >= 0;
}

const struct value_type type_choice = {sizeof(int), read_choice, schema_name,
				       type_equal_int};

static bool read_name(struct walk *w, const struct field *f, const struct doc_path *at,
		      unsigned *bits)
{
	int i = type_take_choice(w, at, f->more);

	if (i < 0)
		return false;
	if (*bits & 1U << i)
		return walk_fault(w, at, "\"%s\" is in the list already",
				  doc_text(at->node));
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
		if (!doc_text(at->node))
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

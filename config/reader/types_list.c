/* The type of lists, and of the items that any table may have. */
#include <stdlib.h>
#include <string.h>

#include "config/reader/items.h"
#include "config/reader/schema.h"
#include "config/reader/types.h"

/* Against those before it; lists are short (field.max). */
static bool check_order(struct walk *w, const struct list_type *l,
			const struct doc_path *at, const char *items)
{
	const char *item = items + at->index * l->size;

	if (l->rising && at->index &&
	    *(const double *)(const void *)item <=
		    *(const double *)(const void *)(item - l->size))
		return walk_fault(w, at, "must be greater than the one before it");
	for (size_t i = 0; l->unique && i < at->index; i++)
		if (!memcmp(items + i * l->size, item, l->size))
			return walk_fault(w, at, "%s is in the list already",
					  quote(doc_text(at->node)).s);
	return true;
}

static bool read_list_items(struct walk *w, const struct field *f,
			    const struct doc_path *at, char *items)
{
	const struct list_type *l = f->more;
	struct doc_path here = {.up = at};
	bool good = true;

	for (const cJSON *v = at->node->child; v; v = v->next, here.index++) {
		here.node = v;
		if (!l->read(w, f, &here, items + here.index * l->size))
			good = false;
		else if (good)
			good = check_order(w, l, &here, items);
	}
	return good;
}

static bool read_list(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *base)
{
	const struct list_type *l = f->more;
	char *items;
	bool good;
	long count;

	if (!cJSON_IsArray(at->node))
		return walk_type_fault(w, at, "an array");
	count = items_count(w, f, at);
	if (count < 0)
		return false;
	items = calloc((size_t)count + 1, l->size);
	if (!items)
		return walk_nomem(w);
	good = read_list_items(w, f, at, items) &&
	       items_store(w, f, base, items, l->size, (size_t)count);
	free(items);
	return good;
}

static void schema_list(struct schema *s, const struct field *f)
{
	const struct list_type *l = f->more;

	schema_string(s, "type", "array");
	schema_number(s, "minItems", (double)f->min);
	schema_number(s, "maxItems", (double)f->max);
	if (l->unique)
		schema_flag(s, "uniqueItems", true);
	schema_open(s, "items", '{');
	l->schema(s, f);
	schema_close(s, '}');
}

static bool equal_list(const struct field *f, const void *a, const void *b)
{
	const struct list_type *l = f->more;
	const char *x = items_in(a, f), *y = items_in(b, f);
	size_t count = items_in_count(a, f);

	if (count != items_in_count(b, f))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!l->equal(x + i * l->size, y + i * l->size))
			return false;
	return true;
}

const struct value_type type_list = {sizeof(void *), read_list, schema_list, equal_list};

bool list_read_text(struct walk *w, const struct field *f, const struct doc_path *at,
		    void *item)
{
	const struct field any = {.max = INT64_MAX};
	const char *text = type_take_text(w, &any, at);

	(void)f;
	text = text ? walk_keep(w, text) : NULL;
	if (text)
		*(const char **)item = text;
	return text;
}

bool list_read_choice(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *item)
{
	const struct list_type *l = f->more;
	int i = type_take_choice(w, at, l->names);

	if (i >= 0)
		*(int *)item = i;
	return i >= 0;
}

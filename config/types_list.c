/* Kinds that hold other values: lists and sections. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/value.h"
#include "config/items.h"

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
					  quote(at->node->valuestring).s);
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

static bool read_bucket(struct walk *w, const struct field *f, const struct doc_path *at,
			void *item)
{
	double v = at->node->valuedouble;

	(void)f;
	if (!cJSON_IsNumber(at->node))
		return walk_type_fault(w, at, "a number of seconds");
	if (!(v > 0) || !isfinite(v))
		return walk_fault(w, at, "must be greater than 0 and finite");
	*(double *)item = v;
	return true;
}

static void schema_bucket(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "number");
	schema_number(s, "exclusiveMinimum", 0);
}

const struct list_type list_buckets = {
	.size = sizeof(double),
	.read = read_bucket,
	.schema = schema_bucket,
	.rising = true,
};

static bool read_listen(struct walk *w, const struct field *f, const struct doc_path *at,
			void *item)
{
	struct config_listen *l = item;
	const char *host, *why;
	size_t len;

	(void)f;
	if (!cJSON_IsString(at->node))
		return walk_type_fault(w, at, "a string, as in \"udp:0.0.0.0:5060\"");
	why = value_printable(at->node->valuestring);
	if (!why)
		why = value_listen(l, &host, &len, at->node->valuestring);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(at->node->valuestring).s, why);
	l->host = pool_string(w->pool, host, len);
	return l->host || walk_nomem(w);
}

static void schema_listen(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(
		s, "pattern",
		"^(udp|tcp|tls):([0-9.]+|\\[[0-9A-Fa-f:.]+(%[^\\]]+)?\\]):[0-9]{1,5}$");
}

const struct list_type list_listens = {
	.size = sizeof(struct config_listen),
	.read = read_listen,
	.schema = schema_listen,
	.unique = true,
};

static bool keep_string(struct walk *w, const struct doc_path *at, void *item)
{
	const char *kept = walk_keep(w, at->node->valuestring);

	if (kept)
		*(const char **)item = kept;
	return kept;
}

static bool read_server(struct walk *w, const struct field *f, const struct doc_path *at,
			void *item)
{
	const char *why;

	(void)f;
	if (!cJSON_IsString(at->node))
		return walk_type_fault(w, at, "an address, as in \"192.0.2.53\"");
	why = value_server(at->node->valuestring);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(at->node->valuestring).s, why);
	return keep_string(w, at, item);
}

static void schema_server(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern", "^([0-9.]+|[0-9A-Fa-f:.]+)(@[0-9]{1,5})?$");
}

const struct list_type list_servers = {
	.size = sizeof(char *),
	.read = read_server,
	.schema = schema_server,
	.unique = true,
};

static bool read_glob(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *item)
{
	const char *why;

	(void)f;
	if (!cJSON_IsString(at->node))
		return walk_type_fault(w, at, "a string, as in \"trunks.d/*.json\"");
	why = value_printable(at->node->valuestring);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(at->node->valuestring).s, why);
	if (!*at->node->valuestring)
		return walk_fault(w, at, "must not be empty");
	return keep_string(w, at, item);
}

static void schema_glob(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 1, 4096);
	schema_raw(s, "pattern", "\"" SCHEMA_PRINTABLE "\"");
}

const struct list_type list_globs = {
	.size = sizeof(char *),
	.read = read_glob,
	.schema = schema_glob,
	.unique = true,
};

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

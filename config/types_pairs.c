/* Names with values: labels, header fields. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/items.h"
#include "config/schema.h"
#include "config/value.h"

struct pair_item {
	struct config_pair pair;
	const cJSON *node;
};

static bool read_pair(struct walk *w, const struct pairs_type *p,
		      const struct doc_path *at, struct pair_item *item)
{
	const char *value = at->node->valuestring, *why = p->check_name(at->key);

	if (why) {
		report_key(w->report, w->doc, at, "%s %s: %s", p->noun, quote(at->key).s,
			   why);
		return false;
	}
	if (!cJSON_IsString(at->node))
		return walk_type_fault(w, at, "a string");
	why = value_printable(value);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(value).s, why);
	if (strlen(value) > (size_t)p->value_max)
		return walk_fault(w, at, "is %zu bytes long; at most %lld are taken",
				  strlen(value), (long long)p->value_max);
	item->node = at->node;
	item->pair.name = walk_keep(w, at->key);
	item->pair.value = walk_keep(w, value);
	return item->pair.name && item->pair.value;
}

static bool same_name(const struct pairs_type *p, const char *a, const char *b)
{
	return p->any_case ? !strcasecmp(a, b) : !strcmp(a, b);
}

/* Reads the members, each against those before it; there are few (field.max). */
static bool read_pair_items(struct walk *w, const struct field *f,
			    const struct doc_path *at, struct pair_item *items)
{
	const struct pairs_type *p = f->more;
	size_t count = 0;
	bool good = true;

	for (const cJSON *v = at->node->child; v; v = v->next) {
		struct doc_path here = doc_path_member(at, v);

		for (size_t i = 0; i < count; i++) {
			if (!same_name(p, items[i].node->string, v->string))
				continue;
			walk_twice(w, &here, items[i].node);
			good = false;
			break;
		}
		items[count].node = v;
		good = read_pair(w, p, &here, &items[count++]) && good;
	}
	return good;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct config_pair *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool read_pairs(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *base)
{
	const struct pairs_type *p = f->more;
	struct pair_item items[PAIRS_MAX] = {0};
	struct config_pair pairs[PAIRS_MAX];
	long count;

	if (!cJSON_IsObject(at->node))
		return walk_type_fault(w, at, "an object of names and strings");
	count = items_count(w, f, at);
	if (count < 0 || !read_pair_items(w, f, at, items))
		return false;
	for (long i = 0; i < count; i++)
		pairs[i] = items[i].pair;
	if (p->sorted)
		qsort(pairs, (size_t)count, sizeof(pairs[0]), compare_pairs);
	return items_store(w, f, base, pairs, sizeof(pairs[0]), (size_t)count);
}

static void schema_pairs(struct schema *s, const struct field *f)
{
	const struct pairs_type *p = f->more;

	schema_string(s, "type", "object");
	schema_number(s, "maxProperties", (double)f->max);
	schema_open(s, "propertyNames", '{');
	p->schema(s, f);
	schema_close(s, '}');
	schema_open(s, "additionalProperties", '{');
	schema_text(s, 0, p->value_max);
	schema_raw(s, "pattern", "\"" SCHEMA_PRINTABLE "\"");
	schema_close(s, '}');
}

static bool equal_pairs(const struct field *f, const void *a, const void *b)
{
	const struct config_pair *x = items_in(a, f), *y = items_in(b, f);
	size_t count = items_in_count(a, f);

	if (count != items_in_count(b, f))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(x[i].name, y[i].name) || strcmp(x[i].value, y[i].value))
			return false;
	return true;
}

const struct value_type type_pairs = {sizeof(void *), read_pairs, schema_pairs,
				      equal_pairs};

static void schema_label_names(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 1, 128);
	schema_string(s, "pattern", "^(?!__)[A-Za-z_][A-Za-z0-9_]*$");
	schema_open(s, "not", '{');
	schema_open(s, "enum", '[');
	for (size_t i = 0; value_reserved_labels[i]; i++)
		schema_string(s, NULL, value_reserved_labels[i]);
	schema_close(s, ']');
	schema_close(s, '}');
}

const struct pairs_type pairs_labels = {
	.noun = "label",
	.check_name = value_label_name,
	.schema = schema_label_names,
	.sorted = true,
	.value_max = 1024,
};

/* A regular expression for a name in any case: JSON Schema has no flag for that. */
static void print_any_case(FILE *out, const char *name)
{
	for (; *name; name++) {
		if (isalpha((unsigned char)*name))
			fprintf(out, "[%c%c]", tolower((unsigned char)*name),
				toupper((unsigned char)*name));
		else
			fputc(*name, out);
	}
}

static void schema_header_names(struct schema *s, const struct field *f)
{
	const char *name;

	(void)f;
	schema_text(s, 1, 128);
	schema_raw(s, "pattern", "\"^(?!(");
	for (size_t i = 0; (name = value_owned_header(i)); i++) {
		fputs(i ? "|" : "", s->out);
		print_any_case(s->out, name);
	}
	fputs(")$)[A-Za-z0-9.!%*_+`'~-]+$\"", s->out);
}

const struct pairs_type pairs_headers = {
	.noun = "header",
	.check_name = value_header_name,
	.schema = schema_header_names,
	.any_case = true,
	.value_max = 1024,
};

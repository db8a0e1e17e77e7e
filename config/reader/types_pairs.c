/* Names with values: labels, header fields. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "config/reader/items.h"
#include "config/reader/schema.h"
#include "config/reader/value.h"

/* The text of a pair's value, or NULL when reported. */
static const char *pair_value(struct walk *w, const struct pairs_type *p,
			      const struct doc_path *at)
{
	const char *value = walk_is_open(w, at->node) ? "" : doc_text(at->node), *why;

	if (!value) {
		walk_type_fault(w, at, "a string");
		return NULL;
	}
	why = p->check_value ? p->check_value(at->key, value) : NULL;
	if (why) {
		walk_fault(w, at, "%s", why);
		return NULL;
	}
	why = value_printable(value);
	if (why && redact_is_secret(at->key, strlen(at->key)))
		walk_fault(w, at, "%s", why);
	else if (why)
		walk_fault(w, at, "%s: %s", quote(value).s, why);
	else if (strlen(value) > (size_t)p->value_max)
		walk_fault(w, at, "is %zu bytes long; at most %lld are taken",
			   strlen(value), (long long)p->value_max);
	else
		return value;
	return NULL;
}

static bool read_pair(struct walk *w, const struct pairs_type *p,
		      const struct doc_path *at, struct config_pair *pair)
{
	const char *value, *why = p->check_name(at->key);

	if (why) {
		report_key(w->report, w->doc, at, "%s %s: %s", p->noun, quote(at->key).s,
			   why);
		return false;
	}
	value = pair_value(w, p, at);
	if (!value)
		return false;
	pair->name = walk_keep(w, at->key);
	pair->value = walk_keep(w, value);
	return pair->name && pair->value;
}

static bool same_name(const struct pairs_type *p, const char *a, const char *b)
{
	return p->any_case ? !strcasecmp(a, b) : !strcmp(a, b);
}

/* Reads the members, each against those before it; there are few (field.max). */
static bool read_pair_items(struct walk *w, const struct field *f,
			    const struct doc_path *at, struct config_pair *pairs)
{
	const struct pairs_type *p = f->more;
	bool good = true;

	for (const cJSON *v = at->node->child; v; v = v->next) {
		struct doc_path here = doc_path_member(at, v);

		for (const cJSON *u = at->node->child; u != v; u = u->next) {
			if (!same_name(p, u->string, v->string))
				continue;
			walk_twice(w, &here, u);
			good = false;
			break;
		}
		good = read_pair(w, p, &here, pairs++) && good;
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
	struct config_pair *pairs;
	long count;
	bool good;

	if (!cJSON_IsObject(at->node))
		return walk_type_fault(w, at, "an object of names and strings");
	count = items_count(w, f, at);
	if (count < 0)
		return false;
	pairs = calloc((size_t)count + 1, sizeof(*pairs));
	if (!pairs)
		return walk_nomem(w);
	good = read_pair_items(w, f, at, pairs);
	if (good && p->sorted)
		qsort(pairs, (size_t)count, sizeof(pairs[0]), compare_pairs);
	good = good && items_store(w, f, base, pairs, sizeof(pairs[0]), (size_t)count);
	free(pairs);
	return good;
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

/* Readers of values: each stores what a row of a table describes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exporter/webconfig/web_yaml_private.h"

enum { CHOICES_BYTES = 640 };

bool web_read_text(struct web_yaml *y, const struct web_field *f, const struct web_at *at,
		   void *base)
{
	const char **field = (const char **)((char *)base + f->offset);

	if (!web_yaml_is_type(y, at, YAML_SCALAR_NODE))
		return false;
	*field = web_yaml_keep(y, web_yaml_scalar(at->node));
	return *field;
}

bool web_read_file(struct web_yaml *y, const struct web_field *f, const struct web_at *at,
		   void *base)
{
	const char **field = (const char **)((char *)base + f->offset);
	const char *slash = strrchr(y->path, '/');
	char *path = NULL;

	if (!web_yaml_is_type(y, at, YAML_SCALAR_NODE))
		return false;
	if (!*web_yaml_scalar(at->node))
		return web_yaml_wrong(y, at, at->node, "must not be empty");
	if (*web_yaml_scalar(at->node) == '/' || !slash)
		return web_read_text(y, f, at, base);
	if (asprintf(&path, "%.*s/%s", (int)(slash - y->path), y->path,
		     web_yaml_scalar(at->node)) < 0)
		return web_yaml_no_memory(y);
	*field = web_yaml_keep(y, path);
	free(path);
	return *field;
}

bool web_read_flag(struct web_yaml *y, const struct web_field *f, const struct web_at *at,
		   void *base)
{
	/* YAML 1.1, which the exporter-toolkit reads, has all these. */
	static const char *const words[2][4] = {{"false", "no", "off", "n"},
						{"true", "yes", "on", "y"}};

	if (!web_yaml_is_type(y, at, YAML_SCALAR_NODE))
		return false;
	for (int on = 0; on < 2; on++) {
		for (int i = 0; i < 4; i++) {
			if (strcasecmp(words[on][i], web_yaml_scalar(at->node)))
				continue;
			*(bool *)((char *)base + f->offset) = on;
			return true;
		}
	}
	return web_yaml_wrong(y, at, at->node, "must be true or false");
}

static bool web_yaml_values_choose(struct web_yaml *y, const struct web_field *f,
				   const struct web_at *at, int *chosen)
{
	const char *const *names = f->more;
	char list[CHOICES_BYTES] = "", text[WEB_YAML_SHOWN_BYTES];
	size_t len = 0;

	if (!web_yaml_is_type(y, at, YAML_SCALAR_NODE))
		return false;
	for (int i = 0; names[i]; i++) {
		if (!strcmp(names[i], web_yaml_scalar(at->node))) {
			*chosen = i;
			return true;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? ", " : "", names[i]);
		if (len >= sizeof(list))
			len = sizeof(list) - 1;
	}
	return web_yaml_wrong(y, at, at->node, "\"%s\" is none of %s",
			      web_yaml_shown(text, web_yaml_scalar(at->node)), list);
}

bool web_read_choice(struct web_yaml *y, const struct web_field *f,
		     const struct web_at *at, void *base)
{
	return web_yaml_values_choose(y, f, at, (int *)((char *)base + f->offset));
}

/* The item of a list as a value of its own. */
static struct web_at item_at(struct web_yaml *y, const struct web_at *at, size_t i)
{
	const yaml_node_item_t *items = at->node->data.sequence.items.start;

	return (struct web_at){
		.up = at, .index = i, .node = yaml_document_get_node(&y->doc, items[i])};
}

static size_t item_count(const struct web_at *at)
{
	return (size_t)(at->node->data.sequence.items.top -
			at->node->data.sequence.items.start);
}

/* Adds an item to the list, which may hold each choice once. */
static bool choose_new(struct web_yaml *y, const struct web_field *f,
		       const struct web_at *at, struct web_numbers *list)
{
	int *chosen = &list->list[list->count];

	if (!web_yaml_values_choose(y, f, at, chosen))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (list->list[i] == *chosen)
			return web_yaml_wrong(y, at, at->node, "\"%s\" stands here twice",
					      web_yaml_scalar(at->node));
	list->count++;
	return true;
}

bool web_read_choices(struct web_yaml *y, const struct web_field *f,
		      const struct web_at *at, void *base)
{
	struct web_numbers *field = (void *)((char *)base + f->offset);
	bool good = true;

	if (!web_yaml_is_type(y, at, YAML_SEQUENCE_NODE))
		return false;
	field->list =
		arena_alloc(y->arena, item_count(at) * sizeof(int) + 1, _Alignof(int));
	if (!field->list)
		return web_yaml_no_memory(y);
	for (size_t i = 0; i < item_count(at); i++) {
		struct web_at item = item_at(y, at, i);

		good = choose_new(y, f, &item, field) && good;
	}
	return good;
}

bool web_read_texts(struct web_yaml *y, const struct web_field *f,
		    const struct web_at *at, void *base)
{
	struct web_texts *field = (void *)((char *)base + f->offset);
	bool good = true;

	if (!web_yaml_is_type(y, at, YAML_SEQUENCE_NODE))
		return false;
	field->list = arena_alloc(y->arena, item_count(at) * sizeof(char *) + 1,
				  _Alignof(char *));
	if (!field->list)
		return web_yaml_no_memory(y);
	for (size_t i = 0; i < item_count(at); i++) {
		struct web_at item = item_at(y, at, i);

		good = web_yaml_is_type(y, &item, YAML_SCALAR_NODE) && good;
		if (good)
			field->list[i] = web_yaml_keep(y, web_yaml_scalar(item.node));
	}
	field->count = item_count(at);
	return good && !y->err;
}

static bool read_pair(struct web_yaml *y, const struct web_pair_rule *rule,
		      const struct web_at *at, size_t i, struct web_pair *out)
{
	struct web_yaml_pair p = web_yaml_pair(y, at, i);
	struct web_at value = {.up = at, .node = p.value};
	const char *fault;

	if (!web_yaml_key_good(y, at, i))
		return false;
	value.key = web_yaml_scalar(p.key);
	fault = rule->name(value.key);
	if (fault)
		return web_yaml_wrong(y, &value, p.key, "%s", fault);
	if (!web_yaml_is_type(y, &value, YAML_SCALAR_NODE))
		return false;
	fault = rule->value(value.key, web_yaml_scalar(p.value));
	if (fault)
		return web_yaml_wrong(y, &value, p.value, "%s", fault);
	out->name = web_yaml_keep(y, value.key);
	out->value = web_yaml_keep(y, web_yaml_scalar(p.value));
	return !y->err;
}

bool web_read_pairs(struct web_yaml *y, const struct web_field *f,
		    const struct web_at *at, void *base)
{
	struct web_pairs *field = (void *)((char *)base + f->offset);
	const struct web_pair_rule *rule = f->more;
	bool good = true;

	if (!web_yaml_is_type(y, at, YAML_MAPPING_NODE))
		return false;
	if (web_yaml_pair_count(at) > rule->max)
		return web_yaml_wrong(y, at, at->node, "more than %zu entries",
				      rule->max);
	field->list =
		arena_alloc(y->arena, web_yaml_pair_count(at) * sizeof(*field->list) + 1,
			    _Alignof(struct web_pair));
	if (!field->list)
		return web_yaml_no_memory(y);
	for (size_t i = 0; i < web_yaml_pair_count(at); i++)
		good = read_pair(y, rule, at, i, &field->list[i]) && good;
	field->count = web_yaml_pair_count(at);
	return good;
}

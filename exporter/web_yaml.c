#include "exporter/web_yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "config/suggest.h"

enum { WAY_BYTES = 128, SHOWN_BYTES = 40, CHOICES_BYTES = 640 };

struct web_yaml {
	const char *path;
	yaml_document_t doc;
	struct arena *arena;
	struct config_errors *errs;
	int err; /* of the machinery */
	bool bad;
};

struct web_at {
	const struct web_at *up; /* NULL: the root */
	const char *key;	 /* NULL: `index` of a list */
	size_t index;
	const yaml_node_t *node;
};

static int error_add(struct config_errors *errs, struct config_error *e)
{
	if (!errs->list)
		errs->list = calloc(CONFIG_ERRORS_MAX, sizeof(*errs->list));
	if (!errs->list || !e->path || !e->json_path || !e->message)
		return ENOMEM;
	errs->list[errs->count++] = *e;
	return EINVAL;
}

__attribute__((format(printf, 6, 0))) static int
error_format(struct config_errors *errs, const char *path, unsigned line, unsigned col,
	     const char *way, const char *fmt, va_list ap)
{
	struct config_error e = {.line = line, .col = col};
	int err;

	if (errs->count == CONFIG_ERRORS_MAX) {
		errs->dropped++;
		return EINVAL;
	}
	e.path = strdup(path);
	e.json_path = strdup(*way ? way : "$");
	if (vasprintf(&e.message, fmt, ap) < 0)
		e.message = NULL;
	err = error_add(errs, &e);
	if (err == ENOMEM) {
		free(e.path);
		free(e.json_path);
		free(e.message);
	}
	return err;
}

int web_yaml_error(struct config_errors *errs, const char *path, unsigned line,
		   unsigned col, const char *way, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = error_format(errs, path, line, col, way, fmt, ap);
	va_end(ap);
	return err;
}

/* Writes "tls_server_config.cipher_suites[1]". */
static size_t way_write(char *buf, size_t len, const struct web_at *at)
{
	int n;

	if (!at || (!at->up && !at->key))
		return len;
	len = way_write(buf, len, at->up);
	if (at->key)
		n = snprintf(buf + len, WAY_BYTES - len, "%s%.*s", len ? "." : "",
			     SHOWN_BYTES, at->key);
	else
		n = snprintf(buf + len, WAY_BYTES - len, "[%zu]", at->index);
	len += (size_t)n;
	return len < WAY_BYTES ? len : WAY_BYTES - 1;
}

/* What the file holds, as a message may show it: bytes that print, and not too many. */
static const char *shown(char buf[SHOWN_BYTES], const char *text)
{
	size_t len = strnlen(text, SHOWN_BYTES - 1);

	for (size_t i = 0; i < len; i++)
		buf[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	buf[len] = '\0';
	return buf;
}

/* Says what is wrong at a node. Returns false, for readers that say so. */
__attribute__((format(printf, 4, 5))) static bool wrong(struct web_yaml *y,
							const struct web_at *at,
							const yaml_node_t *where,
							const char *fmt, ...)
{
	const yaml_mark_t *mark = &where->start_mark;
	char way[WAY_BYTES] = "";
	va_list ap;

	way_write(way, 0, at);
	va_start(ap, fmt);
	if (error_format(y->errs, y->path, (unsigned)mark->line + 1,
			 (unsigned)mark->column + 1, way, fmt, ap) == ENOMEM)
		y->err = ENOMEM;
	va_end(ap);
	y->bad = true;
	return false;
}

static bool no_memory(struct web_yaml *y)
{
	y->err = ENOMEM;
	return false;
}

static const char *scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static bool is_null(const yaml_node_t *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node->type != YAML_SCALAR_NODE ||
	    node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(*nulls); i++)
		if (!strcmp(scalar(node), nulls[i]))
			return true;
	return false;
}

static const struct {
	const char *noun;
	const char *tag;
} types[] = {
	[YAML_SCALAR_NODE] = {"a single value", YAML_STR_TAG},
	[YAML_SEQUENCE_NODE] = {"a list", YAML_SEQ_TAG},
	[YAML_MAPPING_NODE] = {"a mapping", YAML_MAP_TAG},
};

static bool is_type(struct web_yaml *y, const struct web_at *at, yaml_node_type_t type)
{
	const yaml_node_t *node = at->node;

	if (node->tag && strcmp((const char *)node->tag, types[node->type].tag))
		return wrong(y, at, node, "tags are not taken here");
	if (node->type != type)
		return wrong(y, at, node, "must be %s, not %s", types[type].noun,
			     types[node->type].noun);
	if (type == YAML_SCALAR_NODE && strlen(scalar(node)) != node->data.scalar.length)
		return wrong(y, at, node, "has a NUL character");
	return true;
}

static const char *keep(struct web_yaml *y, const char *text)
{
	const char *copy = arena_copy(y->arena, text, strlen(text));

	if (!copy)
		y->err = ENOMEM;
	return copy;
}

bool web_read_text(struct web_yaml *y, const struct web_field *f, const struct web_at *at,
		   void *base)
{
	const char **field = (const char **)((char *)base + f->offset);

	if (!is_type(y, at, YAML_SCALAR_NODE))
		return false;
	*field = keep(y, scalar(at->node));
	return *field;
}

bool web_read_file(struct web_yaml *y, const struct web_field *f, const struct web_at *at,
		   void *base)
{
	const char **field = (const char **)((char *)base + f->offset);
	const char *slash = strrchr(y->path, '/');
	char *path = NULL;

	if (!is_type(y, at, YAML_SCALAR_NODE))
		return false;
	if (!*scalar(at->node))
		return wrong(y, at, at->node, "must not be empty");
	if (*scalar(at->node) == '/' || !slash)
		return web_read_text(y, f, at, base);
	if (asprintf(&path, "%.*s/%s", (int)(slash - y->path), y->path,
		     scalar(at->node)) < 0)
		return no_memory(y);
	*field = keep(y, path);
	free(path);
	return *field;
}

bool web_read_flag(struct web_yaml *y, const struct web_field *f, const struct web_at *at,
		   void *base)
{
	/* YAML 1.1, which the exporter-toolkit reads, has all these. */
	static const char *const words[2][4] = {{"false", "no", "off", "n"},
						{"true", "yes", "on", "y"}};

	if (!is_type(y, at, YAML_SCALAR_NODE))
		return false;
	for (int on = 0; on < 2; on++) {
		for (int i = 0; i < 4; i++) {
			if (strcasecmp(words[on][i], scalar(at->node)))
				continue;
			*(bool *)((char *)base + f->offset) = on;
			return true;
		}
	}
	return wrong(y, at, at->node, "must be true or false");
}

static bool choose(struct web_yaml *y, const struct web_field *f, const struct web_at *at,
		   int *chosen)
{
	const char *const *names = f->more;
	char list[CHOICES_BYTES] = "", text[SHOWN_BYTES];
	size_t len = 0;

	if (!is_type(y, at, YAML_SCALAR_NODE))
		return false;
	for (int i = 0; names[i]; i++) {
		if (!strcmp(names[i], scalar(at->node))) {
			*chosen = i;
			return true;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? ", " : "", names[i]);
		if (len >= sizeof(list))
			len = sizeof(list) - 1;
	}
	return wrong(y, at, at->node, "\"%s\" is none of %s",
		     shown(text, scalar(at->node)), list);
}

bool web_read_choice(struct web_yaml *y, const struct web_field *f,
		     const struct web_at *at, void *base)
{
	return choose(y, f, at, (int *)((char *)base + f->offset));
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

	if (!choose(y, f, at, chosen))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (list->list[i] == *chosen)
			return wrong(y, at, at->node, "\"%s\" stands here twice",
				     scalar(at->node));
	list->count++;
	return true;
}

bool web_read_choices(struct web_yaml *y, const struct web_field *f,
		      const struct web_at *at, void *base)
{
	struct web_numbers *field = (void *)((char *)base + f->offset);
	bool good = true;

	if (!is_type(y, at, YAML_SEQUENCE_NODE))
		return false;
	field->list =
		arena_alloc(y->arena, item_count(at) * sizeof(int) + 1, _Alignof(int));
	if (!field->list)
		return no_memory(y);
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

	if (!is_type(y, at, YAML_SEQUENCE_NODE))
		return false;
	field->list = arena_alloc(y->arena, item_count(at) * sizeof(char *) + 1,
				  _Alignof(char *));
	if (!field->list)
		return no_memory(y);
	for (size_t i = 0; i < item_count(at); i++) {
		struct web_at item = item_at(y, at, i);

		good = is_type(y, &item, YAML_SCALAR_NODE) && good;
		if (good)
			field->list[i] = keep(y, scalar(item.node));
	}
	field->count = item_count(at);
	return good && !y->err;
}

struct pair_nodes {
	const yaml_node_t *key;
	const yaml_node_t *value;
};

static struct pair_nodes pair_nodes(struct web_yaml *y, const struct web_at *at, size_t i)
{
	const yaml_node_pair_t *p = at->node->data.mapping.pairs.start + i;

	return (struct pair_nodes){yaml_document_get_node(&y->doc, p->key),
				   yaml_document_get_node(&y->doc, p->value)};
}

static size_t pair_count(const struct web_at *at)
{
	return (size_t)(at->node->data.mapping.pairs.top -
			at->node->data.mapping.pairs.start);
}

/* A key must be a text, and not have been there before. */
static bool key_good(struct web_yaml *y, const struct web_at *at, size_t i)
{
	struct pair_nodes p = pair_nodes(y, at, i);
	struct web_at key = {.up = at->up, .key = at->key, .node = p.key};
	char text[SHOWN_BYTES];

	if (!is_type(y, &key, YAML_SCALAR_NODE))
		return false;
	for (size_t j = 0; j < i; j++) {
		const yaml_node_t *before = pair_nodes(y, at, j).key;

		if (before->type == YAML_SCALAR_NODE &&
		    !strcmp(scalar(before), scalar(p.key)))
			return wrong(y, at, p.key, "\"%s\" stands here twice",
				     shown(text, scalar(p.key)));
	}
	return true;
}

static bool read_pair(struct web_yaml *y, const struct web_pair_rule *rule,
		      const struct web_at *at, size_t i, struct web_pair *out)
{
	struct pair_nodes p = pair_nodes(y, at, i);
	struct web_at value = {.up = at, .node = p.value};
	const char *fault;

	if (!key_good(y, at, i))
		return false;
	value.key = scalar(p.key);
	fault = rule->name(value.key);
	if (fault)
		return wrong(y, &value, p.key, "%s", fault);
	if (!is_type(y, &value, YAML_SCALAR_NODE))
		return false;
	fault = rule->value(value.key, scalar(p.value));
	if (fault)
		return wrong(y, &value, p.value, "%s", fault);
	out->name = keep(y, value.key);
	out->value = keep(y, scalar(p.value));
	return !y->err;
}

bool web_read_pairs(struct web_yaml *y, const struct web_field *f,
		    const struct web_at *at, void *base)
{
	struct web_pairs *field = (void *)((char *)base + f->offset);
	const struct web_pair_rule *rule = f->more;
	bool good = true;

	if (!is_type(y, at, YAML_MAPPING_NODE))
		return false;
	if (pair_count(at) > rule->max)
		return wrong(y, at, at->node, "more than %zu entries", rule->max);
	field->list = arena_alloc(y->arena, pair_count(at) * sizeof(*field->list) + 1,
				  _Alignof(struct web_pair));
	if (!field->list)
		return no_memory(y);
	for (size_t i = 0; i < pair_count(at); i++)
		good = read_pair(y, rule, at, i, &field->list[i]) && good;
	field->count = pair_count(at);
	return good;
}

static const struct web_field *field_find(const struct web_section *s, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->fields[i].key, key))
			return &s->fields[i];
	return NULL;
}

static bool unknown_key(struct web_yaml *y, const struct web_section *s,
			const struct web_at *at, const yaml_node_t *key)
{
	struct suggest near = {.word = scalar(key)};
	char text[SHOWN_BYTES];

	for (size_t i = 0; i < s->count; i++)
		suggest_offer(&near, s->fields[i].key);
	shown(text, scalar(key));
	if (near.best)
		return wrong(y, at, key, "unknown key \"%s\", did you mean \"%s\"?", text,
			     near.best);
	return wrong(y, at, key, "unknown key \"%s\"", text);
}

static bool read_key(struct web_yaml *y, const struct web_section *s,
		     const struct web_at *at, size_t i, void *base)
{
	struct pair_nodes p = pair_nodes(y, at, i);
	struct web_at value = {.up = at, .node = p.value};
	const struct web_field *f;

	if (!key_good(y, at, i))
		return false;
	value.key = scalar(p.key);
	f = field_find(s, value.key);
	if (!f)
		return unknown_key(y, s, at, p.key);
	return is_null(p.value) || f->read(y, f, &value, base);
}

static bool read_mapping(struct web_yaml *y, const struct web_section *s,
			 const struct web_at *at, void *base)
{
	bool good = is_type(y, at, YAML_MAPPING_NODE);

	for (size_t i = 0; good && i < pair_count(at) && !y->err; i++)
		(void)read_key(y, s, at, i, base);
	return !y->bad;
}

bool web_read_section(struct web_yaml *y, const struct web_field *f,
		      const struct web_at *at, void *base)
{
	return read_mapping(y, f->more, at, base);
}

static int parse_error(struct web_yaml *y, const yaml_parser_t *p)
{
	if (p->error == YAML_MEMORY_ERROR)
		return ENOMEM;
	if (p->error == YAML_READER_ERROR)
		return web_yaml_error(y->errs, y->path, 0, 0, "", "%s", p->problem);
	return web_yaml_error(y->errs, y->path, (unsigned)p->problem_mark.line + 1,
			      (unsigned)p->problem_mark.column + 1, "", "%s%s%s",
			      p->context ? p->context : "", p->context ? ": " : "",
			      p->problem ? p->problem : "not YAML");
}

/* The first document; another one after it is an error. */
static int read_document(struct web_yaml *y, const struct web_section *root,
			 yaml_parser_t *p, void *base)
{
	struct web_at at = {0};
	yaml_document_t more;

	if (!yaml_parser_load(p, &y->doc))
		return parse_error(y, p);
	at.node = yaml_document_get_root_node(&y->doc);
	if (at.node && !is_null(at.node))
		(void)read_mapping(y, root, &at, base);
	if (at.node && !y->err) {
		if (!yaml_parser_load(p, &more)) {
			y->err = parse_error(y, p);
		} else {
			const yaml_node_t *second = yaml_document_get_root_node(&more);

			if (second)
				(void)wrong(y, NULL, second, "a second document");
			yaml_document_delete(&more);
		}
	}
	yaml_document_delete(&y->doc);
	return y->err ? y->err : y->bad ? EINVAL : 0;
}

static int read_text(char **textp, size_t *lenp, FILE *f)
{
	char *text = malloc(WEB_YAML_BYTES_MAX + 1);

	if (!text)
		return ENOMEM;
	*lenp = fread(text, 1, WEB_YAML_BYTES_MAX + 1, f);
	if (ferror(f) || *lenp > WEB_YAML_BYTES_MAX) {
		int err = ferror(f) ? errno : EFBIG;

		free(text);
		return err;
	}
	*textp = text;
	return 0;
}

int web_yaml_read(void *base, const struct web_section *root, const char *path,
		  struct arena *arena, struct config_errors *errs)
{
	struct web_yaml y = {.path = path, .arena = arena, .errs = errs};
	FILE *f = fopen(path, "re");
	yaml_parser_t parser;
	char *text = NULL;
	size_t len = 0;
	int err = f ? read_text(&text, &len, f) : errno;

	if (f)
		fclose(f);
	if (!text)
		return web_yaml_error(errs, path, 0, 0, "", "%s", strerror(err));
	if (!yaml_parser_initialize(&parser)) {
		err = ENOMEM;
	} else {
		yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
		err = read_document(&y, root, &parser, base);
		yaml_parser_delete(&parser);
	}
	explicit_bzero(text, len);
	free(text);
	return err;
}

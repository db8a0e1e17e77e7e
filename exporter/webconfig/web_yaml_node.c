/* Nodes of a YAML document, and what is wrong with them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/webconfig/web_yaml_private.h"

enum { WAY_BYTES = 128 };

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
			     WEB_YAML_SHOWN_BYTES, at->key);
	else
		n = snprintf(buf + len, WAY_BYTES - len, "[%zu]", at->index);
	len += (size_t)n;
	return len < WAY_BYTES ? len : WAY_BYTES - 1;
}

/* What the file holds, as a message may show it: bytes that print, and not too many. */
const char *web_yaml_shown(char buf[WEB_YAML_SHOWN_BYTES], const char *text)
{
	size_t len = strnlen(text, WEB_YAML_SHOWN_BYTES - 1);

	for (size_t i = 0; i < len; i++)
		buf[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	buf[len] = '\0';
	return buf;
}

/* Says what is wrong at a node. Returns false, for readers that say so. */
__attribute__((format(printf, 4, 5))) bool web_yaml_wrong(struct web_yaml *y,
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

bool web_yaml_no_memory(struct web_yaml *y)
{
	y->err = ENOMEM;
	return false;
}

const char *web_yaml_scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

bool web_yaml_is_null(const yaml_node_t *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node->type != YAML_SCALAR_NODE ||
	    node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(*nulls); i++)
		if (!strcmp(web_yaml_scalar(node), nulls[i]))
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

bool web_yaml_is_type(struct web_yaml *y, const struct web_at *at, yaml_node_type_t type)
{
	const yaml_node_t *node = at->node;

	if (node->tag && strcmp((const char *)node->tag, types[node->type].tag))
		return web_yaml_wrong(y, at, node, "tags are not taken here");
	if (node->type != type)
		return web_yaml_wrong(y, at, node, "must be %s, not %s", types[type].noun,
				      types[node->type].noun);
	if (type == YAML_SCALAR_NODE &&
	    strlen(web_yaml_scalar(node)) != node->data.scalar.length)
		return web_yaml_wrong(y, at, node, "has a NUL character");
	return true;
}

const char *web_yaml_keep(struct web_yaml *y, const char *text)
{
	const char *copy = arena_copy(y->arena, text, strlen(text));

	if (!copy)
		y->err = ENOMEM;
	return copy;
}

size_t web_yaml_pair_count(const struct web_at *at)
{
	return (size_t)(at->node->data.mapping.pairs.top -
			at->node->data.mapping.pairs.start);
}

struct web_yaml_pair web_yaml_pair(struct web_yaml *y, const struct web_at *at, size_t i)
{
	const yaml_node_pair_t *p = at->node->data.mapping.pairs.start + i;

	return (struct web_yaml_pair){yaml_document_get_node(&y->doc, p->key),
				      yaml_document_get_node(&y->doc, p->value)};
}

/* A key must be a text, and not have been there before. */
bool web_yaml_key_good(struct web_yaml *y, const struct web_at *at, size_t i)
{
	struct web_yaml_pair p = web_yaml_pair(y, at, i);
	struct web_at key = {.up = at->up, .key = at->key, .node = p.key};
	char text[WEB_YAML_SHOWN_BYTES];

	if (!web_yaml_is_type(y, &key, YAML_SCALAR_NODE))
		return false;
	for (size_t j = 0; j < i; j++) {
		const yaml_node_t *before = web_yaml_pair(y, at, j).key;

		if (before->type == YAML_SCALAR_NODE &&
		    !strcmp(web_yaml_scalar(before), web_yaml_scalar(p.key)))
			return web_yaml_wrong(
				y, at, p.key, "\"%s\" stands here twice",
				web_yaml_shown(text, web_yaml_scalar(p.key)));
	}
	return true;
}

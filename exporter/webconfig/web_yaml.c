#include "exporter/webconfig/web_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "exporter/webconfig/web_yaml_private.h"

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
	struct suggest near = {.word = web_yaml_scalar(key)};
	char text[WEB_YAML_SHOWN_BYTES];

	for (size_t i = 0; i < s->count; i++)
		suggest_offer(&near, s->fields[i].key);
	web_yaml_shown(text, web_yaml_scalar(key));
	if (near.best)
		return web_yaml_wrong(y, at, key,
				      "unknown key \"%s\", did you mean \"%s\"?", text,
				      near.best);
	return web_yaml_wrong(y, at, key, "unknown key \"%s\"", text);
}

static bool read_key(struct web_yaml *y, const struct web_section *s,
		     const struct web_at *at, size_t i, void *base)
{
	struct web_yaml_pair p = web_yaml_pair(y, at, i);
	struct web_at value = {.up = at, .node = p.value};
	const struct web_field *f;

	if (!web_yaml_key_good(y, at, i))
		return false;
	value.key = web_yaml_scalar(p.key);
	f = field_find(s, value.key);
	if (!f)
		return unknown_key(y, s, at, p.key);
	return web_yaml_is_null(p.value) || f->read(y, f, &value, base);
}

static bool read_mapping(struct web_yaml *y, const struct web_section *s,
			 const struct web_at *at, void *base)
{
	bool good = web_yaml_is_type(y, at, YAML_MAPPING_NODE);

	for (size_t i = 0; good && i < web_yaml_pair_count(at) && !y->err; i++)
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
	if (at.node && !web_yaml_is_null(at.node))
		(void)read_mapping(y, root, &at, base);
	if (at.node && !y->err) {
		if (!yaml_parser_load(p, &more)) {
			y->err = parse_error(y, p);
		} else {
			const yaml_node_t *second = yaml_document_get_root_node(&more);

			if (second)
				(void)web_yaml_wrong(y, NULL, second,
						     "a second document");
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

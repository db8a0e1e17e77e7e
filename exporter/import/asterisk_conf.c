#include "exporter/import/asterisk_conf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

const struct conf_setting *conf_find(const struct conf_section *s, const char *key)
{
	const struct conf_setting *v = s->settings;

	while (v && strcasecmp(v->key, key))
		v = v->next;
	return v;
}

const char *conf_value(const struct conf_section *s, const char *key)
{
	const struct conf_setting *v = conf_find(s, key);

	return v && *v->value ? v->value : NULL;
}

static char *conf_asterisk_conf_trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* Takes comments out of a line, in place; "\;" is a ';' of the text. */
static void conf_asterisk_conf_strip(struct conf *c, char *line)
{
	char *out = line;

	for (; *line; line++) {
		if (c->commented) {
			if (!strncmp(line, "--;", 3)) {
				c->commented = false;
				line += 2;
			}
			continue;
		}
		if (!strncmp(line, ";--", 3) && line[3] != '-') {
			c->commented = true;
			line += 2;
			continue;
		}
		if (*line == ';')
			break;
		if (*line == '\\' && line[1] == ';')
			line++;
		*out++ = *line;
	}
	*out = '\0';
}

/* Puts a setting in front: what is set later is found first. */
static void conf_asterisk_conf_add(struct import *im, struct conf *c,
				   struct conf_section *s,
				   const struct conf_setting *from)
{
	struct conf_setting *v;

	if (++c->setting_count > CONF_SETTINGS_MAX) {
		import_fail(im, EFBIG);
		return;
	}
	v = arena_alloc(&im->arena, sizeof(*v), 8);
	if (!v) {
		import_fail(im, ENOMEM);
		return;
	}
	*v = *from;
	v->next = s->settings;
	s->settings = v;
}

/* A template's settings, in their order. */
static void conf_asterisk_conf_inherit(struct import *im, struct conf *c,
				       struct conf_section *s,
				       const struct conf_setting *from)
{
	const struct conf_setting *list[256];
	size_t count = 0;

	for (; from && count < 256; from = from->next)
		list[count++] = from;
	if (from)
		import_note(im, im->at, "left out: a template's settings past 256");
	while (count-- && !im->err)
		conf_asterisk_conf_add(im, c, s, list[count]);
}

static struct conf_section *conf_asterisk_conf_last(const struct conf *c,
						    const char *name)
{
	const struct set_entry *e = set_find(&c->last, name, strlen(name));

	return e ? (struct conf_section *)e->value : NULL;
}

static void conf_take_option(struct import *im, struct conf *c, struct conf_section *s,
			     const char *option)
{
	const struct conf_section *base;

	if (!strcmp(option, "!")) {
		s->is_template = true;
		return;
	}
	base = conf_asterisk_conf_last(c, option);
	if (base)
		conf_asterisk_conf_inherit(im, c, s, base->settings);
	else
		import_note(im, im->at,
			    "left out: there is no template \"%.80s\" before "
			    "this line",
			    option);
}

static void conf_asterisk_conf_remember(struct import *im, struct conf *c,
					struct conf_section *s)
{
	struct set_entry *e = set_put(&c->last, s->name, strlen(s->name));

	if (e)
		e->value = (uintptr_t)s;
	else
		import_fail(im, ENOMEM);
}

/* "[name]", "[name](!)", "[name](template,template)", "[name](+)". */
static void conf_take_section(struct import *im, struct conf *c, char *text)
{
	char *end = strchr(text, ']'), *options = end ? strchr(end, '(') : NULL, *save;
	struct conf_section *s;

	c->current = NULL;
	if (!end) {
		import_note(im, im->at, "left out: a section without ']'");
		return;
	}
	*end = '\0';
	text = conf_asterisk_conf_trim(text + 1);
	if (options)
		options[strcspn(options, ")")] = '\0';
	if (options && !strcmp(conf_asterisk_conf_trim(options + 1), "+") &&
	    conf_asterisk_conf_last(c, text)) {
		c->current = conf_asterisk_conf_last(c, text);
		return;
	}
	s = arena_alloc(&im->arena, sizeof(*s), 8);
	if (!s) {
		import_fail(im, ENOMEM);
		return;
	}
	s->name = text;
	s->at = im->at;
	STAILQ_INSERT_TAIL(&c->sections, s, entry);
	for (char *o = options ? strtok_r(options + 1, ",", &save) : NULL; o;
	     o = strtok_r(NULL, ",", &save))
		conf_take_option(im, c, s, conf_asterisk_conf_trim(o));
	conf_asterisk_conf_remember(im, c, s);
	c->current = s;
}

static void conf_take_setting(struct import *im, struct conf *c, char *text)
{
	char *value = strchr(text, '=');
	struct conf_setting v = {.at = im->at};

	if (!value || !c->current) {
		import_note(im, im->at, "left out: %s",
			    value ? "a setting outside of a section"
				  : "neither a section nor a setting");
		return;
	}
	*value++ = '\0';
	if (*value == '>')
		value++;
	v.key = conf_asterisk_conf_trim(text);
	v.value = conf_asterisk_conf_trim(value);
	conf_asterisk_conf_add(im, c, c->current, &v);
}

static void conf_take_line(struct import *im, struct conf *c, char *line)
{
	char *text;

	conf_asterisk_conf_strip(c, line);
	text = conf_asterisk_conf_trim(line);
	if (*text == '#')
		import_note(im, im->at,
			    "left out: %.80s is not followed; name that file too", text);
	else if (*text == '[')
		conf_take_section(im, c, text);
	else if (*text)
		conf_take_setting(im, c, text);
}

void conf_read(struct import *im, struct conf *c, const char *text, size_t len)
{
	const char *end = text + len;

	c->current = NULL;
	c->commented = false;
	for (im->at.line = 1; text < end && !im->err; im->at.line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((stop ? stop : end) - text);
		char *line = import_copy(im, text, size);

		if (line)
			conf_take_line(im, c, line);
		text += size + 1;
	}
}

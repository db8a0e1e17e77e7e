#include "exporter/import/asterisk_conf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "exporter/import/lines.h"

enum { SAME_MAX = 64, INHERITED_MAX = 256 };

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

bool conf_is_yes(const char *value)
{
	return value && (!strcasecmp(value, "yes") || !strcasecmp(value, "true") ||
			 !strcasecmp(value, "on") || !strcasecmp(value, "y") ||
			 !strcasecmp(value, "t") || !strcmp(value, "1"));
}

/* Takes comments out of a line, in place; "\;" is a ';' of the text. */
static void conf_strip(struct conf *c, char *line)
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

void conf_add(struct import *im, struct conf *c, struct conf_section *s,
	      const struct conf_setting *from)
{
	struct conf_setting *v;

	if (++s->count > CONF_SECTION_MAX && strcasecmp(s->name, "general")) {
		if (s->count == CONF_SECTION_MAX + 1)
			import_note(im, from->at,
				    "left out: settings of \"%.80s\" from here on, as it "
				    "has more than %d",
				    redact(s->name).s, CONF_SECTION_MAX);
		return;
	}
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
static void conf_inherit(struct import *im, struct conf *c, struct conf_section *s,
			 const struct conf_setting *from)
{
	const struct conf_setting *list[INHERITED_MAX];
	size_t count = 0;

	for (; from && count < INHERITED_MAX; from = from->next)
		list[count++] = from;
	if (from)
		import_note(im, im->at, "left out: a template's settings past %d",
			    INHERITED_MAX);
	while (count-- && !im->err)
		conf_add(im, c, s, list[count]);
}

/* Names are the same in any case. NULL: no memory, remembered. */
static char *conf_key(struct import *im, const char *name)
{
	char *key = import_copy(im, name, strlen(name));

	for (char *p = key; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

struct conf_section *conf_first(struct import *im, const struct conf *c, const char *name)
{
	const char *key = conf_key(im, name);
	struct set_entry *e = key ? set_find(&c->first, key, strlen(key)) : NULL;

	return e ? (struct conf_section *)e->value : NULL;
}

/* Puts a section behind those of its name. */
static void conf_remember(struct import *im, struct conf *c, struct conf_section *s)
{
	const char *key = conf_key(im, s->name);
	struct set_entry *first = key ? set_put(&c->first, key, strlen(key)) : NULL;
	struct set_entry *last = key ? set_put(&c->last, key, strlen(key)) : NULL;

	if (!first || !last) {
		import_fail(im, ENOMEM);
		return;
	}
	if (!first->value)
		first->value = (uintptr_t)s;
	if (last->value)
		((struct conf_section *)last->value)->same = s;
	last->value = (uintptr_t)s;
}

struct conf_section *conf_add_section(struct import *im, struct conf *c, const char *name)
{
	struct conf_section *s = arena_alloc(&im->arena, sizeof(*s), 8);

	if (!s) {
		import_fail(im, ENOMEM);
		return NULL;
	}
	s->name = name;
	s->at = im->at;
	STAILQ_INSERT_TAIL(&c->sections, s, entry);
	conf_remember(im, c, s);
	return s;
}

/* Whether a section has what "(+type=endpoint&…)" asks for; a part of a value will do. */
static bool conf_fits(const struct conf_section *s, const char *filter)
{
	char text[256], *save = NULL;

	if (strlen(filter) >= sizeof(text))
		return false;
	strcpy(text, filter);
	for (char *key = strtok_r(text, "&", &save); key;
	     key = strtok_r(NULL, "&", &save)) {
		char *value = strchr(key, '=');
		const char *own;

		if (!value)
			return false;
		*value++ = '\0';
		key = lines_trim(key);
		value = lines_trim(value);
		value += *value == '^';
		value[strcspn(value, "$")] = '\0';
		own = conf_value(s, key);
		if (strcasecmp(key, "templates") && (!own || !strcasestr(own, value)))
			return false;
	}
	return true;
}

/* The section that "[name](+filter)" goes on with: the first of its name that fits. */
static struct conf_section *conf_resume(struct import *im, const struct conf *c,
					const char *name, const char *filter)
{
	struct conf_section *s = conf_first(im, c, name);

	for (int i = 0; s && i < SAME_MAX; i++, s = s->same) {
		if (conf_fits(s, filter))
			return s;
	}
	import_note(im, im->at,
		    "changed: there is no section \"%.80s\" before this line to go on "
		    "with; it begins one",
		    redact(name).s);
	return NULL;
}

static void conf_take_option(struct import *im, struct conf *c, struct conf_section *s,
			     const char *option, struct conf_section *base)
{
	if (!strcmp(option, "!"))
		s->is_template = true;
	else if (base && base != s)
		conf_inherit(im, c, s, base->settings);
	else if (*option && *option != '+')
		import_note(im, im->at,
			    "left out: there is no template \"%.80s\" before "
			    "this line",
			    redact(option).s);
}

/* "[name]", "[name](!)", "[name](template,template)", "[name](+)", "[name](+a=b)". */
static void conf_take_section(struct import *im, struct conf *c, char *text)
{
	char *end = strchr(text, ']'), *options = end ? strchr(end, '(') : NULL,
	     *save = NULL;
	struct conf_section *s;

	c->current = NULL;
	if (!end) {
		import_note(im, im->at, "left out: a section without ']'");
		return;
	}
	*end = '\0';
	text = lines_trim(text + 1);
	if (options) {
		options[strcspn(options, ")")] = '\0';
		options = lines_trim(options + 1);
	}
	if (options && *options == '+')
		c->current = conf_resume(im, c, text, options + 1);
	if (c->current)
		return;
	s = conf_add_section(im, c, text);
	for (char *o = options && s ? strtok_r(options, ",", &save) : NULL; o;
	     o = strtok_r(NULL, ",", &save)) {
		o = lines_trim(o);
		conf_take_option(im, c, s, o, conf_first(im, c, o));
	}
	c->current = s;
}

/* chan_sip's registrations may stand in a file of their own, outside of any section. */
static bool conf_is_loose(const char *key)
{
	return !strcasecmp(key, "register");
}

static void conf_take_setting(struct import *im, struct conf *c, char *text)
{
	char *value = strchr(text, '=');
	struct conf_setting v = {.at = im->at};

	if (value)
		*value++ = '\0';
	v.key = lines_trim(text);
	if (value && !c->current && conf_is_loose(v.key))
		c->current = conf_add_section(im, c, "general");
	if (!value || !c->current) {
		import_note(im, im->at, "left out: %s",
			    value ? "a setting outside of a section"
				  : "neither a section nor a setting");
		return;
	}
	v.value = lines_trim(value + (*value == '>'));
	conf_add(im, c, c->current, &v);
}

char *conf_included(char *line)
{
	char *word = lines_trim(line), *path;

	if (strncasecmp(word, "#include", 8) && strncasecmp(word, "#tryinclude", 11))
		return NULL;
	path = lines_trim(word + strcspn(word, " \t\"<"));
	if (*path == '"' || *path == '<') {
		path++;
		path[strcspn(path, "\">")] = '\0';
	}
	return path;
}

static void conf_take_directive(struct import *im, struct conf *c, char *text)
{
	char *path = conf_included(text);

	if (path && *path)
		c->include(im, path);
	else if (!strncasecmp(text, "#exec", 5))
		import_note(im, im->at,
			    "left out: #exec is not run; name a file of what it prints");
	else
		import_note(im, im->at, "left out: a directive that is not known");
}

static void conf_line_h(struct import *im, char *line, void *arg)
{
	struct conf *c = arg;
	char *text;

	conf_strip(c, line);
	text = lines_trim(line);
	if (*text == '#')
		conf_take_directive(im, c, text);
	else if (*text == '[')
		conf_take_section(im, c, text);
	else if (*text)
		conf_take_setting(im, c, text);
}

void conf_read(struct import *im, struct conf *c, const char *text, size_t len)
{
	bool commented = c->commented;

	c->commented = false;
	if (!c->depth++)
		c->current = NULL;
	lines_each(im, text, len, conf_line_h, c);
	c->depth--;
	c->commented = commented;
}

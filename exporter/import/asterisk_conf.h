/* Files of Asterisk's form: sections, templates, `key = value`, ';' for comments. */
#ifndef EXPORTER_IMPORT_ASTERISK_CONF_H
#define EXPORTER_IMPORT_ASTERISK_CONF_H

#include "exporter/import/model.h"

enum { CONF_SETTINGS_MAX = 1000000 };

struct conf_setting {
	struct conf_setting *next; /* set earlier, or by a template */
	const char *key;
	const char *value;
	struct import_at at;
};

struct conf_section {
	STAILQ_ENTRY(conf_section) entry;
	const char *name;
	bool is_template;
	bool used;
	struct import_at at;
	struct conf_setting *settings; /* the last one first */
};

STAILQ_HEAD(conf_sections, conf_section);

struct conf {
	struct conf_sections sections;
	struct set last;	      /* by name; value: the section seen last */
	struct conf_section *current; /* what settings go to, or NULL */
	size_t setting_count;
	bool commented; /* within ;-- --; */
};

/* Reads a text behind those before it. Errors are remembered in @im. */
void conf_read(struct import *im, struct conf *c, const char *text, size_t len);

/* The setting in force, or NULL. Keys are the same in any case. */
const struct conf_setting *conf_find(const struct conf_section *s, const char *key);

/* Its value, or NULL. */
const char *conf_value(const struct conf_section *s, const char *key);

#endif

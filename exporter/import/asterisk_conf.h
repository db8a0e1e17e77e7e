/* Files of Asterisk's form: sections, templates, `key = value`, ';' for comments. */
#ifndef EXPORTER_IMPORT_ASTERISK_CONF_H
#define EXPORTER_IMPORT_ASTERISK_CONF_H

#include "exporter/import/model.h"

enum {
	CONF_SETTINGS_MAX = 1000000,
	/* Of a section other than [general]; settings are looked for one by one. */
	CONF_SECTION_MAX = 4096,
};

struct conf_setting {
	struct conf_setting *next; /* set earlier, or by a template */
	const char *key;
	const char *value;
	struct import_at at;
};

struct conf_section {
	STAILQ_ENTRY(conf_section) entry;
	struct conf_section *same; /* the next of this name */
	const char *name;
	bool is_template;
	bool used;
	struct import_at at;
	struct conf_setting *settings; /* the last one first */
	size_t count;
};

STAILQ_HEAD(conf_sections, conf_section);

struct conf {
	struct conf_sections sections;
	struct set first; /* by name in small letters: the section seen first */
	struct set last;  /* the same, seen last */
	struct conf_section *current; /* what settings go to, or NULL */
	size_t setting_count;
	bool commented; /* within ;-- --; */
	unsigned depth; /* of texts within each other */
	void (*include)(struct import *im, const char *path); /* "#include PATH" */
};

/*
 * Reads a text behind those before it; within one that includes it, its section goes on.
 * Errors are remembered in @im.
 */
void conf_read(struct import *im, struct conf *c, const char *text, size_t len);

/* What an "#include" or "#tryinclude" names, or NULL for another line. In place. */
char *conf_included(char *line);

/* A section behind the others, at im->at; NULL: no memory, remembered. */
struct conf_section *conf_add_section(struct import *im, struct conf *c,
				      const char *name);

/* Sets what is found before all that was set earlier; key and value are kept. */
void conf_add(struct import *im, struct conf *c, struct conf_section *s,
	      const struct conf_setting *from);

/* The setting in force, or NULL. Keys are the same in any case. */
const struct conf_setting *conf_find(const struct conf_section *s, const char *key);

/* Its value, or NULL. */
const char *conf_value(const struct conf_section *s, const char *key);

/* The section seen first of a name, in any case, or NULL. */
struct conf_section *conf_first(struct import *im, const struct conf *c,
				const char *name);

/* Whether a word means yes to Asterisk. */
bool conf_is_yes(const char *value);

#endif

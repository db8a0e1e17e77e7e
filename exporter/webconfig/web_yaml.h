/*
 * A strict reader of YAML by descriptor tables: a row a key, and everything that no row
 * allows is an error with its line and column. libyaml parses; what YAML has beyond plain
 * mappings, lists and scalars (tags, several documents, a key twice) is refused.
 */
#ifndef EXPORTER_WEBCONFIG_WEB_YAML_H
#define EXPORTER_WEBCONFIG_WEB_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/config.h"

enum { WEB_YAML_BYTES_MAX = 1 << 20 };

struct web_yaml; /* one reading */
struct web_at;	 /* a value and the way to it */
struct web_field;

typedef bool(web_read_h)(struct web_yaml *y, const struct web_field *f,
			 const struct web_at *at, void *base);

struct web_field {
	const char *key;
	web_read_h *read; /* stores at `offset` of the struct at its @base */
	size_t offset;
	const void *more; /* what the reader wants besides */
};

/* The keys of a mapping. */
struct web_section {
	const struct web_field *fields;
	size_t count;
};

struct web_texts {
	const char **list;
	size_t count;
};

struct web_numbers {
	int *list;
	size_t count;
};

struct web_pair {
	const char *name;
	const char *value;
};

struct web_pairs {
	struct web_pair *list;
	size_t count;
};

/* What a mapping of names and texts may hold. */
struct web_pair_rule {
	size_t max;
	/* NULL for a good pair, else what is wrong with its name or its value. */
	const char *(*name)(const char *name);
	const char *(*value)(const char *name, const char *value);
};

/*
 * Readers. A value left empty, or null, leaves the field as it was. Texts live as long as
 * the arena that was given to web_yaml_read().
 */
web_read_h web_read_section; /* more: struct web_section; fields in the same struct */
web_read_h web_read_flag;    /* bool */
web_read_h web_read_text;    /* const char * */
web_read_h web_read_file;    /* the same; a relative path is below the file's folder */
web_read_h web_read_choice;  /* int, an index; more: names, NULL-terminated */
web_read_h web_read_choices; /* struct web_numbers; more: as above */
web_read_h web_read_texts;   /* struct web_texts */
web_read_h web_read_pairs;   /* struct web_pairs; more: struct web_pair_rule */

/*
 * Reads the file at @path into the struct at @base, which holds the defaults. An empty
 * file changes nothing.
 *
 * @errs: zeroed by the caller; all errors found
 *
 * Returns 0; EINVAL with at least one error; ENOMEM.
 */
int web_yaml_read(void *base, const struct web_section *root, const char *path,
		  struct arena *arena, struct config_errors *errs);

/* Adds an error; @line 0 is about the file as a whole. Returns EINVAL or ENOMEM. */
__attribute__((format(printf, 6, 7))) int web_yaml_error(struct config_errors *errs,
							 const char *path, unsigned line,
							 unsigned col, const char *way,
							 const char *fmt, ...);

#endif

/* Collects what is wrong with the files, in the order of their text. */
#ifndef CONFIG_READER_REPORT_H
#define CONFIG_READER_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <cjson/cJSON.h>

#include "config/reader/errors.h"

struct doc;

/* A value and the way to it from the root, as frames on the callers' stacks. */
struct doc_path {
	const struct doc_path *up; /* NULL: the root */
	const char *key;	   /* NULL: `index` of an array */
	size_t index;
	const cJSON *node; /* where to point at: the value, or what it is missing from */
};

struct report {
	struct config_errors *errs;
	unsigned rank[CONFIG_ERRORS_MAX]; /* of each error's file */
	size_t found;			  /* all faults, kept and dropped */
	int err;			  /* ENOMEM once memory ran out */
};

/* Text of a file as a message shows it: quoted, escaped, shortened, without passwords. */
struct quoted {
	char s[96];
};

/* By value, for use within one call: quote(text).s */
struct quoted quote(const char *text);

/* At a value. Returns false, for readers that say so. */
__attribute__((format(printf, 4, 5))) bool report_value(struct report *r, struct doc *d,
							const struct doc_path *at,
							const char *fmt, ...);

/* At a value's key. */
__attribute__((format(printf, 4, 5))) void report_key(struct report *r, struct doc *d,
						      const struct doc_path *at,
						      const char *fmt, ...);

/* At a byte of the text. */
__attribute__((format(printf, 5, 0))) void report_offset(struct report *r, struct doc *d,
							 const struct doc_path *at,
							 size_t offset, const char *fmt,
							 va_list ap);

/* About a file as a whole. */
__attribute__((format(printf, 4, 5))) void
report_file(struct report *r, const char *path, unsigned rank, const char *fmt, ...);

/* At a place that was remembered. @place: its path, line, column and json_path */
__attribute__((format(printf, 4, 5))) void report_place(struct report *r,
							const struct config_error *place,
							unsigned rank, const char *fmt,
							...);

/* Whether another error would only be counted: then its message need not be good. */
bool report_full(const struct report *r);

/* A malloc'ed text, or NULL. */
__attribute__((format(printf, 1, 0))) char *report_vformat(const char *fmt, va_list ap);

#endif

/* The parts that types of values are made of. */
#ifndef CONFIG_READER_TYPES_H
#define CONFIG_READER_TYPES_H

#include <string.h>

#include "config/reader/walk.h"

/* The place that a row has in a struct. */
#define TYPE_AT(type, base, f) ((type *)(void *)((char *)(base) + (f)->offset))
#define TYPE_IN(type, base, f)                                                           \
	((type const *)(const void *)((const char *)(base) + (f)->offset))

/* The text of a printable string within the row's bounds, or NULL when reported. */
const char *type_take_text(struct walk *w, const struct field *f,
			   const struct doc_path *at);

/* Stores a text at a row. False when memory ran out. */
bool type_keep_text(struct walk *w, const struct field *f, void *base, const char *text);

/* Returns the place of a text in the row's names, or reports which there are and -1. */
int type_take_choice(struct walk *w, const struct doc_path *at, const char *const *names);

/* The one copy of a file's absolute name, or NULL when memory ran out. */
const char *type_absolute_name(struct walk *w, const char *name);

/* Texts, either of which may be missing. */
static inline bool type_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The string at a row: equal, or missing in both. */
bool type_equal_text(const struct field *f, const void *a, const void *b);

/* The number at a row. */
bool type_equal_unsigned(const struct field *f, const void *a, const void *b);
bool type_equal_int(const struct field *f, const void *a, const void *b);

/* The schema of a string without control characters. */
void type_schema_printable(struct schema *s, const struct field *f);

#endif

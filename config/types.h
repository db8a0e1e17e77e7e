/* What the files of kinds share. */
#ifndef CONFIG_TYPES_H
#define CONFIG_TYPES_H

#include <string.h>

#include "config/walk.h"

/* The place that a row has in a struct. */
#define TYPE_AT(type, base, f) ((type *)(void *)((char *)(base) + (f)->offset))
#define TYPE_IN(type, base, f)                                                           \
	((type const *)(const void *)((const char *)(base) + (f)->offset))

/* The text of a printable string within the row's bounds, or NULL when reported. */
const char *type_take_text(struct walk *w, const struct field *f,
			   const struct doc_path *at);

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

/* The schema of a SIP URI, also of one with {peer}, {local} or {host} in it. */
void type_schema_uri(struct schema *s, const struct field *f);

#endif

/* What the files of kinds share. */
#ifndef CONFIG_KINDS_H
#define CONFIG_KINDS_H

#include <string.h>

#include "config/walk.h"

/* The place that a row has in a struct. */
#define KIND_AT(type, base, f) ((type *)(void *)((char *)(base) + (f)->offset))
#define KIND_IN(type, base, f)                                                           \
	((type const *)(const void *)((const char *)(base) + (f)->offset))

/* The text of a printable string within the row's bounds, or NULL when reported. */
const char *kind_take_text(struct walk *w, const struct field *f, const struct spot *at);

/* The one copy of a file's absolute name, or NULL when memory ran out. */
const char *kind_absolute_name(struct walk *w, const char *name);

/* Texts, either of which may be missing. */
static inline bool kind_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The string at a row: equal, or missing in both. */
bool kind_equal_text(const struct field *f, const void *a, const void *b);

/* The number at a row. */
bool kind_equal_unsigned(const struct field *f, const void *a, const void *b);
bool kind_equal_int(const struct field *f, const void *a, const void *b);

/* The schema of a string without control characters. */
void kind_schema_printable(struct schema *s, const struct field *f);

/* The schema of a SIP URI, also of one with {peer}, {local} or {host} in it. */
void kind_schema_uri(struct schema *s, const struct field *f);

#endif

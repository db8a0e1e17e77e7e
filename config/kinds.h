/* What the files of kinds share. */
#ifndef CONFIG_KINDS_H
#define CONFIG_KINDS_H

#include "config/walk.h"

/* The place that a row has in a struct. */
#define KIND_AT(type, base, f) ((type *)(void *)((char *)(base) + (f)->offset))
#define KIND_IN(type, base, f)                                                           \
	((type const *)(const void *)((const char *)(base) + (f)->offset))

/* The text of a printable string within the row's bounds, or NULL when reported. */
const char *kind_take_text(struct walk *w, const struct field *f, const struct spot *at);

/* The one copy of a file's absolute name, or NULL when memory ran out. */
const char *kind_absolute_name(struct walk *w, const char *name);

/* The string at a row: equal, or missing in both. */
bool kind_equal_text(const struct field *f, const void *a, const void *b);

/* The schema of a string without control characters. */
void kind_schema_printable(struct schema *s, const struct field *f);

#endif

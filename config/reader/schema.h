/* Writes JSON, indented: for types that print their part of the schema. */
#ifndef CONFIG_READER_SCHEMA_H
#define CONFIG_READER_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct schema {
	FILE *out;
	unsigned depth;
	bool filled; /* the object or array that is open has a member */
};

/* @key: NULL for an element of an array. @bracket: '{' or '['. */
void schema_open(struct schema *s, const char *key, char bracket);
void schema_close(struct schema *s, char bracket);
void schema_string(struct schema *s, const char *key, const char *value);
void schema_number(struct schema *s, const char *key, double value);
void schema_flag(struct schema *s, const char *key, bool value);

/* @json: text of a JSON value, written as it is. */
void schema_raw(struct schema *s, const char *key, const char *json);

/* Writes a text without control characters between quotes. */
void schema_quote(FILE *out, const char *text);

/* "type", and bounds of a text's length. */
void schema_text(struct schema *s, int64_t min, int64_t max);

/* No control characters: what value_printable() takes. */
#define SCHEMA_PRINTABLE "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"

#endif

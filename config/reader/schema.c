#include "config/reader/schema.h"

static void schema_indent(struct schema *s)
{
	if (s->filled)
		fputc(',', s->out);
	if (s->depth)
		fputc('\n', s->out);
	for (unsigned i = 0; i < s->depth; i++)
		fputs("  ", s->out);
	s->filled = true;
}

void schema_quote(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void schema_begin(struct schema *s, const char *key)
{
	schema_indent(s);
	if (!key)
		return;
	schema_quote(s->out, key);
	fputs(": ", s->out);
}

void schema_open(struct schema *s, const char *key, char bracket)
{
	schema_begin(s, key);
	fputc(bracket, s->out);
	s->depth++;
	s->filled = false;
}

void schema_close(struct schema *s, char bracket)
{
	bool filled = s->filled;

	s->depth--;
	s->filled = false;
	if (filled)
		schema_indent(s);
	fputc(bracket, s->out);
	s->filled = true;
}

void schema_string(struct schema *s, const char *key, const char *value)
{
	schema_begin(s, key);
	schema_quote(s->out, value);
}

void schema_number(struct schema *s, const char *key, double value)
{
	schema_begin(s, key);
	fprintf(s->out, "%.15g", value);
}

void schema_flag(struct schema *s, const char *key, bool value)
{
	schema_raw(s, key, value ? "true" : "false");
}

void schema_raw(struct schema *s, const char *key, const char *json)
{
	schema_begin(s, key);
	fputs(json, s->out);
}

void schema_text(struct schema *s, int64_t min, int64_t max)
{
	schema_string(s, "type", "string");
	if (min)
		schema_number(s, "minLength", (double)min);
	schema_number(s, "maxLength", (double)max);
}

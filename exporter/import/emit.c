/*
 * An import as the text of a configuration. All texts were checked: valid UTF-8 without
 * control characters.
 */
#include <string.h>

#include "config/schema.h"
#include "exporter/import/model.h"

static void emit_print_value(FILE *out, const struct import_trunk *t, enum import_key key)
{
	fprintf(out, "\"%s\": ", import_key_name(key));
	if (import_key_raw(key))
		fputs(t->values[key], out);
	else
		schema_quote(out, t->values[key]);
}

/* The values of a section, which follow each other in enum import_key. */
static enum import_key emit_print_section(FILE *out, const struct import_trunk *t,
					  enum import_key key)
{
	const char *section = import_key_section(key), *comma = "";

	fprintf(out, "\"%s\": { ", section);
	for (; key < IMPORT_KEYS && import_key_section(key) &&
	       !strcmp(section, import_key_section(key));
	     key++) {
		if (!t->values[key])
			continue;
		fputs(comma, out);
		emit_print_value(out, t, key);
		comma = ", ";
	}
	fputs(" }", out);
	return key;
}

static void emit_print_trunk(FILE *out, const struct import_trunk *t)
{
	enum import_key key = 0;

	fputs("    {\n      \"name\": ", out);
	schema_quote(out, t->name);
	fputs(",\n      \"uri\": ", out);
	schema_quote(out, t->uri);
	if (t->label) {
		fprintf(out, ",\n      \"labels\": { \"%s\": ", t->label);
		schema_quote(out, t->label_value);
		fputs(" }", out);
	}
	while (key < IMPORT_KEYS) {
		if (!t->values[key]) {
			key++;
			continue;
		}
		fputs(",\n      ", out);
		if (import_key_section(key)) {
			key = emit_print_section(out, t, key);
		} else {
			emit_print_value(out, t, key);
			key++;
		}
	}
	fputs("\n    }", out);
}

void import_emit(const struct import *im, FILE *out)
{
	const struct import_trunk *t;

	fputs("{\n  \"trunks\": [\n", out);
	STAILQ_FOREACH(t, &im->trunks, entry) {
		emit_print_trunk(out, t);
		fputs(STAILQ_NEXT(t, entry) ? ",\n" : "\n", out);
	}
	fputs("  ]\n}\n", out);
}

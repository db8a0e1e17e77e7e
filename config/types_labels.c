/* Pairs: metric labels, SIP header fields. */
#include <ctype.h>
#include <stdio.h>

#include "config/reader/schema.h"
#include "config/types.h"
#include "config/value.h"

static void schema_label_names(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 1, 128);
	schema_string(s, "pattern", "^(?!__)[A-Za-z_][A-Za-z0-9_]*$");
	schema_open(s, "not", '{');
	schema_open(s, "enum", '[');
	for (size_t i = 0; value_reserved_labels[i]; i++)
		schema_string(s, NULL, value_reserved_labels[i]);
	schema_close(s, ']');
	schema_close(s, '}');
}

const struct pairs_type pairs_labels = {
	.noun = "label",
	.check_name = value_label_name,
	.schema = schema_label_names,
	.sorted = true,
	.value_max = 1024,
};

/* A regular expression for a name in any case: JSON Schema has no flag for that. */
static void print_any_case(FILE *out, const char *name)
{
	for (; *name; name++) {
		if (isalpha((unsigned char)*name))
			fprintf(out, "[%c%c]", tolower((unsigned char)*name),
				toupper((unsigned char)*name));
		else
			fputc(*name, out);
	}
}

static void schema_header_names(struct schema *s, const struct field *f)
{
	const char *name;

	(void)f;
	schema_text(s, 1, 128);
	schema_raw(s, "pattern", "\"^(?!(");
	for (size_t i = 0; (name = value_owned_header(i)); i++) {
		fputs(i ? "|" : "", s->out);
		print_any_case(s->out, name);
	}
	fputs(")$)[A-Za-z0-9.!%*_+`'~-]+$\"", s->out);
}

const struct pairs_type pairs_headers = {
	.noun = "header",
	.check_name = value_header_name,
	.schema = schema_header_names,
	.any_case = true,
	.value_max = 1024,
};

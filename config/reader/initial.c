#include "config/reader/initial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void initial_print(FILE *out, const struct section *s)
{
	const char *comma = "";

	fputc('{', out);
	for (size_t i = 0; i < s->count; i++) {
		const struct field *f = &s->fields[i];

		if (!f->initial && f->type != &type_section)
			continue;
		fprintf(out, "%s\"%s\":", comma, f->key);
		comma = ",";
		if (f->initial)
			fputs(f->initial, out);
		else
			initial_print(out, f->more);
	}
	fputc('}', out);
}

int initial_text(struct walk *w, const char *text, const struct section *s, void *base,
		 const cJSON **set)
{
	struct doc doc = {.path = "(built in)", .text = text}, *outer = w->doc;
	struct section all = *s;
	struct doc_path at = {0};
	int err;

	all.any_of = NULL; /* a default need not be whole */
	doc.len = strlen(text);
	err = doc_parse(&doc, w->report);
	if (!err) {
		w->doc = &doc;
		w->builtin = true;
		at.node = doc.tree;
		if (!walk_section(w, &all, &at, base, set))
			err = w->report->err ? w->report->err : EINVAL;
		w->builtin = false;
		w->doc = outer;
	}
	doc_free(&doc);
	return err;
}

/*
 * The defaults take the road of every file, so that what the schema prints and what is
 * in force cannot differ.
 */
int initial_read(struct walk *w, const struct section *s, void *base, const cJSON **set)
{
	char text[2048] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	if (!out)
		return ENOMEM;
	initial_print(out, s);
	fclose(out);
	return initial_text(w, text, s, base, set);
}

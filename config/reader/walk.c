#include "config/reader/walk.h"

#include <errno.h>
#include <string.h>

#include "base/suggest.h"

size_t section_count(const struct section *s)
{
	return s->count + (s->base ? s->base->count : 0);
}

const struct field *section_field(const struct section *s, size_t i)
{
	size_t inherited = s->base ? s->base->count : 0;

	return i < inherited ? &s->base->fields[i] : &s->fields[i - inherited];
}

size_t section_find(const struct section *s, const char *key)
{
	size_t count = section_count(s), i = 0;

	for (; i < count; i++) {
		const char *other = section_field(s, i)->key;

		/* Most differ in the first byte: a call for each costs more. */
		if (*other == *key && !strcmp(other, key))
			break;
	}
	return i;
}

static const char *type_name(const cJSON *node)
{
	if (cJSON_IsString(node))
		return "a string";
	if (cJSON_IsNumber(node))
		return "a number";
	if (cJSON_IsObject(node))
		return "an object";
	if (cJSON_IsArray(node))
		return "an array";
	return cJSON_IsNull(node) ? "null" : cJSON_IsTrue(node) ? "true" : "false";
}

bool walk_type_fault(struct walk *w, const struct doc_path *at, const char *what)
{
	return walk_fault(w, at, "expected %s, found %s", what, type_name(at->node));
}

bool walk_is_open(const struct walk *w, const cJSON *node)
{
	return w->null_is_open && cJSON_IsNull(node);
}

bool walk_nomem(struct walk *w)
{
	w->report->err = ENOMEM;
	return false;
}

unsigned walk_line(struct walk *w, const cJSON *node)
{
	unsigned line, col;

	doc_locate(w->doc, w->doc->nodes[node->valueint].value, &line, &col);
	return line;
}

void walk_twice(struct walk *w, const struct doc_path *at, const cJSON *first)
{
	unsigned line = report_full(w->report) ? 0 : walk_line(w, first);

	report_key(w->report, w->doc, at, "duplicate key %s, first used at line %u",
		   quote(at->key).s, line);
}

const char *walk_keep(struct walk *w, const char *text)
{
	const char *kept = pool_string(w->pool, text, strlen(text));

	if (!kept)
		walk_nomem(w);
	return kept;
}

static void unknown_key(struct walk *w, const struct section *s,
			const struct doc_path *at)
{
	struct suggest near = {.word = at->key};

	for (size_t i = 0; i < section_count(s) && !report_full(w->report); i++)
		suggest_offer(&near, section_field(s, i)->key);
	if (near.best)
		report_key(w->report, w->doc, at, "unknown key %s; did you mean \"%s\"?",
			   quote(at->key).s, near.best);
	else
		report_key(w->report, w->doc, at, "unknown key %s", quote(at->key).s);
}

/* Which member belongs to which row. */
static bool match_keys(struct walk *w, const struct section *s, const struct doc_path *at,
		       const cJSON **set)
{
	size_t count = section_count(s);
	bool good = true;

	for (const cJSON *m = at->node->child; m; m = m->next) {
		struct doc_path here = doc_path_member(at, m);
		size_t i = section_find(s, m->string);

		/* JSON has no comments; a key that looks like one is. */
		if (!strncmp(m->string, "//", 2))
			continue;
		if (i < count && !set[i]) {
			set[i] = m;
			continue;
		}
		good = false;
		if (i == count)
			unknown_key(w, s, &here);
		else
			walk_twice(w, &here, set[i]);
	}
	return good;
}

static bool check_any_of(struct walk *w, const struct section *s,
			 const struct doc_path *at, const cJSON **set)
{
	if (!s->any_of)
		return true;
	for (size_t i = 0; s->any_of[i]; i++)
		if (set[section_find(s, s->any_of[i])])
			return true;
	return walk_fault(w, at, "\"%s\" or \"%s\" is missing", s->any_of[0],
			  s->any_of[1]);
}

static bool check_one_of(struct walk *w, const struct section *s,
			 const struct doc_path *at, const cJSON **set)
{
	size_t found = 0;

	if (!s->one_of || w->builtin)
		return true;
	for (size_t i = 0; s->one_of[i]; i++)
		found += set[section_find(s, s->one_of[i])] != NULL;
	if (found == 1)
		return true;
	return walk_fault(w, at, "\"%s\" or \"%s\" is needed%s", s->one_of[0],
			  s->one_of[1], found ? ", not both" : "");
}

bool walk_section(struct walk *w, const struct section *s, const struct doc_path *at,
		  void *base, const cJSON **set)
{
	size_t count = section_count(s);
	bool good;

	if (walk_is_open(w, at->node))
		return true;
	if (!cJSON_IsObject(at->node))
		return walk_type_fault(w, at, "an object");
	good = match_keys(w, s, at, set);
	good = check_any_of(w, s, at, set) && good;
	good = check_one_of(w, s, at, set) && good;
	/* In the table's order: what later rows build on comes first there. */
	for (size_t i = 0; i < count && !w->report->err; i++) {
		const struct field *f = section_field(s, i);
		struct doc_path here;

		if (!set[i]) {
			if (f->required && !w->builtin)
				good = walk_fault(w, at, "\"%s\" is missing", f->key);
			continue;
		}
		here = doc_path_member(at, set[i]);
		if (walk_is_open(w, set[i]) || f->type->read(w, f, &here, base))
			continue;
		set[i] = NULL;
		good = false;
	}
	return good;
}

/* Items of probe.allow: networks and names that probes on demand may go to. */
#include "config/access.h"
#include "config/reader/schema.h"
#include "config/types.h"

static bool read_allow(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *item)
{
	struct config_allow *a = item;
	const char *text = doc_text(at->node), *why;

	(void)f;
	if (!doc_text(at->node))
		return walk_type_fault(w, at, "a string, as in \"192.0.2.0/24\"");
	why = config_allow_parse(a, text);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	if (!a->name)
		return true;
	a->name = walk_keep(w, text);
	return a->name;
}

static void schema_allow(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern",
		      "^(\\.?[0-9A-Za-z_-][0-9A-Za-z._-]*|[0-9.]+(/[0-9]{1,2})?|"
		      "[0-9A-Fa-f:.]+(/[0-9]{1,3})?)$");
}

const struct list_type list_allows = {
	.size = sizeof(struct config_allow),
	.read = read_allow,
	.schema = schema_allow,
	.unique = true,
};

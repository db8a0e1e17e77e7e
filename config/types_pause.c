/* A pause: true, false, or until when. */
#include "base/clock.h"
#include "base/date.h"
#include "config/config.h"
#include "config/reader/schema.h"
#include "config/types.h"

#define UNTIL "until "

static int64_t pause_now_s(void)
{
	return clock_wall_ns() / CLOCK_NS_PER_S;
}

static bool pause_read_until(struct walk *w, const struct doc_path *at,
			     struct config_pause *pause)
{
	const char *text = doc_text(at->node), *why;
	int64_t until_s = 0;

	/* What it means, and whether there is something to warn of, time decides. */
	readings_forgo(&w->readings);
	if (strncmp(text, UNTIL, strlen(UNTIL)) != 0)
		return walk_fault(w, at,
				  "%s: a pause is true, false, or \"until\" and a time, "
				  "as in \"until 2026-12-01T06:00Z\"",
				  quote(text).s);
	why = date_parse(&until_s, text + strlen(UNTIL));
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	if (until_s <= pause_now_s())
		walk_warn(w, w->doc, at, "%s is past: this pauses nothing any more",
			  quote(text).s);
	/* 0 would be without an end. */
	*pause = (struct config_pause){.on = true, .until_s = until_s ? until_s : 1};
	return true;
}

static bool pause_read(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *base)
{
	struct config_pause *pause = TYPE_AT(struct config_pause, base, f);

	if (!cJSON_IsBool(at->node))
		return doc_text(at->node)
			       ? pause_read_until(w, at, pause)
			       : walk_type_fault(w, at,
						 "true, false, or \"until\" and a time");
	*pause = (struct config_pause){.on = cJSON_IsTrue(at->node)};
	return true;
}

static void pause_schema(struct schema *s, const struct field *f)
{
	(void)f;
	schema_open(s, "anyOf", '[');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "boolean");
	schema_close(s, '}');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "string");
	schema_string(s, "pattern",
		      "^until [0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]"
		      "([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.][0-9]+)?)?"
		      "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$");
	schema_close(s, '}');
	schema_close(s, ']');
}

/*
 * Alike is what means the same now: a pause that is over is none, and one that ends at
 * another time is no reason to begin anew.
 */
static bool pause_equal(const struct field *f, const void *a, const void *b)
{
	int64_t now_s = pause_now_s();

	return config_pause_at(TYPE_IN(struct config_pause, a, f), now_s) ==
	       config_pause_at(TYPE_IN(struct config_pause, b, f), now_s);
}

const struct value_type type_pause = {sizeof(struct config_pause), pause_read,
				      pause_schema, pause_equal};

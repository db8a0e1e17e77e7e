/*
 * Destinations in what the JSON-RPC of Kamailio and the MI of OpenSIPS answer: objects
 * with a URI, wherever they stand.
 */
#include <string.h>
#include <strings.h>

#include "config/reader/doc.h"
#include "exporter/import/destination.h"
#include "exporter/import/kamailio.h"

struct mi {
	struct import *im;
	struct doc doc;
};

/* Text of a member by any of its names; NULL where it is none. */
static const char *mi_text(const cJSON *o, const char *const names[])
{
	for (const cJSON *m = o->child; m; m = m->next) {
		for (size_t i = 0; names[i] && m->string; i++) {
			if (!strcasecmp(m->string, names[i]) && cJSON_IsString(m) &&
			    *m->valuestring)
				return m->valuestring;
		}
	}
	return NULL;
}

/* The number of a set, as text. */
static const char *mi_set(struct import *im, const cJSON *o, const char *before)
{
	const cJSON *id = cJSON_GetObjectItem(o, "id");

	if (!cJSON_IsNumber(id))
		id = cJSON_GetObjectItem(o, "group");
	if (!cJSON_IsNumber(id))
		return before;
	return import_format(im, "%.0f", id->valuedouble);
}

static struct import_at mi_place(struct mi *m, const cJSON *o)
{
	struct import_at at = m->im->at;
	unsigned col;

	doc_locate(&m->doc, m->doc.nodes[o->valueint].value, &at.line, &col);
	return at;
}

static char *mi_attributes(struct import *im, const cJSON *o)
{
	static const char *const body[] = {"body", NULL}, *const attrs[] = {"attrs",
									    NULL};
	const cJSON *inner = cJSON_GetObjectItem(o, "ATTRS");
	const char *text =
		cJSON_IsObject(inner) ? mi_text(inner, body) : mi_text(o, attrs);

	return text ? import_copy(im, text, strlen(text)) : NULL;
}

static bool mi_is_off(const cJSON *o)
{
	static const char *const names[] = {"state", "enabled", "status", NULL};
	static const char *const off[] = {"inactive", "no", "disabled", "disabled mi"};
	const char *state = mi_text(o, names);

	for (size_t i = 0; state && i < sizeof(off) / sizeof(*off); i++) {
		if (!strcasecmp(state, off[i]))
			return true;
	}
	return false;
}

static void mi_take(struct mi *m, const cJSON *o, const char *uri, const char *set)
{
	static const char *const flags[] = {"flags", NULL}, *const name[] = {"ID", NULL},
				 *const socket[] = {"socket", NULL};
	struct import *im = m->im;
	const char *letters = mi_text(o, flags), *named = mi_text(o, name),
		   *from = mi_text(o, socket);
	struct destination d = {
		.at = mi_place(m, o),
		.uri = import_copy(im, uri, strlen(uri)),
		.name = named ? import_copy(im, named, strlen(named)) : NULL,
		.socket = from ? import_copy(im, from, strlen(from)) : NULL,
		.label = set ? "dispatcher_set" : NULL,
		.set = set,
		.attributes = mi_attributes(im, o),
		.flags = letters ? destination_flags_of(letters) : 0,
		.off = mi_is_off(o) ? "inactive" : NULL,
	};

	if (d.uri)
		destination_add(im, &d);
}

/* As deep as a document may be, which is little. */
static void mi_walk(struct mi *m, const cJSON *o, const char *set)
{
	static const char *const uris[] = {"uri",     "dst_uri", "destination",
					   "address", "IP",	 NULL};
	const char *uri = cJSON_IsObject(o) ? mi_text(o, uris) : NULL;

	if (uri) {
		mi_take(m, o, uri, set);
		return;
	}
	if (cJSON_IsObject(o))
		set = mi_set(m->im, o, set);
	for (const cJSON *c = o->child; c && !m->im->err; c = c->next)
		mi_walk(m, c, set);
}

void mi_json_read(struct import *im, const char *text, size_t len)
{
	struct config_errors errs = {0};
	struct report r = {.errs = &errs};
	struct mi m = {.im = im, .doc = {.path = im->at.file, .text = text, .len = len}};
	int err = doc_parse(&m.doc, &r);

	if (!err) {
		mi_walk(&m, m.doc.tree, NULL);
	} else if (errs.count) {
		im->at.line = errs.list[0].line;
		import_unusable(im, im->at, "left out: JSON that cannot be read");
	} else {
		import_fail(im, err);
	}
	config_errors_clear(&errs);
	doc_free(&m.doc);
}

/*
 * Asterisk's files: sections are read from all of them, those of pjsip_wizard.conf and of
 * realtime tables become sections as well, then each type is taken in its turn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "exporter/import/asterisk.h"
#include "exporter/import/include.h"
#include "exporter/import/rows.h"

enum { INCLUDES_MAX = 4096 };

static void asterisk_include(struct import *im, const char *path);

static struct asterisk *asterisk_state(struct import *im)
{
	struct asterisk *a = im->state;

	if (a)
		return a;
	a = arena_alloc(&im->arena, sizeof(*a), 8);
	if (a)
		a->part = arena_alloc(&im->arena, im->text_count + 1, 1);
	if (!a || !a->part) {
		import_fail(im, ENOMEM);
		return NULL;
	}
	STAILQ_INIT(&a->conf.sections);
	a->conf.include = asterisk_include;
	im->state = a;
	return a;
}

bool asterisk_is_type(const struct conf_section *s, const char *type)
{
	const char *own = conf_value(s, "type");

	return !s->is_template && own && !strcasecmp(own, type);
}

struct set_entry *asterisk_typed_entry(struct import *im, const char *type,
				       const char *name)
{
	struct asterisk *a = im->state;
	char *key = import_copy(im, "", 0);

	if (strlen(name) < 512)
		key = import_format(im, "%s %s", type, name);
	return key && *key ? set_put(&a->typed, key, strlen(key)) : NULL;
}

/* --- files within files --- */

/* Texts that are named on the command line are read where they are included. */
static void asterisk_include(struct import *im, const char *path)
{
	bool found = false;

	for (size_t i = 0; i < im->text_count; i++) {
		if (!include_means(path, im->texts[i].file))
			continue;
		found = true;
		import_read_text(im, &import_asterisk, i);
	}
	if (!found)
		import_note(im, im->at,
			    "left out: #include %.80s is not followed; name that file "
			    "too",
			    redact(path).s);
}

/* Notes which texts text [i] includes. */
static void asterisk_plan_text(struct import *im, struct asterisk *a, size_t i)
{
	const char *p = im->texts[i].text, *end = p + im->texts[i].len;

	while (p < end && a->include_count < INCLUDES_MAX) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		char *line =
			*p == '#' ? import_copy(im, p, (size_t)((stop ? stop : end) - p))
				  : NULL;
		const char *path = line ? conf_included(line) : NULL;

		a->include_count += path != NULL;
		for (size_t k = 0; path && k < im->text_count; k++) {
			if (k != i && include_means(path, im->texts[k].file))
				a->part[k] = true;
		}
		p = stop ? stop + 1 : end;
	}
}

static void asterisk_plan(struct import *im)
{
	struct asterisk *a = asterisk_state(im);

	for (size_t i = 0; a && i < im->text_count; i++)
		asterisk_plan_text(im, a, i);
	if (a && a->include_count >= INCLUDES_MAX)
		import_fail(im, EFBIG);
}

static bool asterisk_waits(struct import *im, size_t i)
{
	const struct asterisk *a = im->state;

	return a && a->part[i];
}

/* --- realtime tables --- */

static const struct {
	const char *table;
	const char *type; /* NULL: it has a column of this name */
} realtime[] = {
	{"ps_endpoints", "endpoint"},
	{"ps_aors", "aor"},
	{"ps_auths", "auth"},
	{"ps_registrations", "registration"},
	{"ps_transports", "transport"},
	{"ps_endpoint_id_ips", "identify"},
	{"sippeers", NULL},
	{"sip_peers", NULL},
	{"sip_buddies", NULL},
	{"sipfriends", NULL},
	{"sip", NULL},
};

void asterisk_take_row(struct import *im, const struct row *r)
{
	struct asterisk *a = im->state;
	const char *name = row_value(r, "id");
	struct conf_section *s;
	size_t i = 0;

	while (i < sizeof(realtime) / sizeof(*realtime) &&
	       strcasecmp(realtime[i].table, r->table))
		i++;
	if (i == sizeof(realtime) / sizeof(*realtime))
		return;
	name = row_value(r, "name") ? row_value(r, "name") : name;
	im->at = r->at;
	s = name ? conf_add_section(im, &a->conf, name) : NULL;
	for (size_t k = 0; s && k < r->count && !im->err; k++) {
		struct conf_setting v = {.key = r->columns[k], .at = r->at};

		v.value = r->values[k] ? r->values[k] : "";
		if (*v.value)
			conf_add(im, &a->conf, s, &v);
	}
	if (s && realtime[i].type) {
		struct conf_setting v = {NULL, "type", realtime[i].type, r->at};

		conf_add(im, &a->conf, s, &v);
	}
}

/* --- sections --- */

static const struct {
	const char *type;
	void (*take)(struct import *im, const struct conf_section *s);
	const char *why; /* it is left out, when it is */
} types[] = {
	{"wizard", wizard_take, NULL},
	{"identify", pjsip_take_identify,
	 "whose requests a trunk's are, its addresses tell"},
	{"endpoint", pjsip_take_endpoint, NULL},
	{"aor", pjsip_take_aor, NULL},
	{"registration", pjsip_take_registration, NULL},
	{"peer", sip_take_peer, NULL},
	{"friend", sip_take_peer, NULL},
	{"user", NULL, "it calls here, and is not called"},
	{"auth", NULL, NULL},
	{"transport", NULL, NULL},
	{NULL, NULL, "it says nothing of a trunk"},
};

/* Makes sections of a type be found by name. The last of a name is in force. */
static void asterisk_index(struct import *im, const struct conf_sections *sections)
{
	struct conf_section *s;

	STAILQ_FOREACH(s, sections, entry) {
		const char *type = conf_value(s, "type");
		struct set_entry *e = type && !s->is_template && strlen(type) < 64
					      ? asterisk_typed_entry(im, type, s->name)
					      : NULL;

		if (e)
			e->value = (uintptr_t)s;
	}
}

static void asterisk_take_all(struct import *im, const struct conf_sections *sections,
			      size_t type)
{
	const struct conf_section *s;

	STAILQ_FOREACH(s, sections, entry) {
		if (!im->err && asterisk_is_type(s, types[type].type))
			types[type].take(im, s);
	}
}

/* Whether a setting sends Asterisk to a database: "endpoint=realtime,ps_endpoints". */
static bool asterisk_is_realtime(const struct conf_setting *v)
{
	static const char *const drivers[] = {
		"realtime,", "odbc,", "mysql,", "pgsql,", "sqlite3,", "curl,", "ldap,",
	};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		if (!strncasecmp(v->value, drivers[i], strlen(drivers[i])))
			return true;
	}
	return false;
}

/* Returns whether there was something to say of it. */
static bool asterisk_note_realtime(struct import *im, const struct conf_section *s)
{
	bool found = false;

	for (const struct conf_setting *v = s->settings; v; v = v->next) {
		if (!asterisk_is_realtime(v))
			continue;
		found = true;
		import_note(im, v->at,
			    "left out: %.40s is in a database; give its rows as SQL, of "
			    "tables as ps_endpoints, ps_aors, ps_auths, ps_registrations "
			    "or sippeers",
			    redact(v->key).s);
	}
	return found;
}

static void asterisk_note_others(struct import *im, const struct conf_sections *sections)
{
	const struct conf_section *s;

	STAILQ_FOREACH(s, sections, entry) {
		const char *type = conf_value(s, "type");
		size_t i = 0;

		while (types[i].type && !(type && !strcasecmp(types[i].type, type)))
			i++;
		if (s->is_template || !types[i].why || asterisk_note_realtime(im, s) ||
		    (!type && !strcasecmp(s->name, "general")))
			continue;
		import_note(im, s->at, "left out: section \"%.80s\" of type %.40s: %s",
			    redact(s->name).s, type ? redact(type).s : "none",
			    types[i].why);
	}
}

static void asterisk_read_conf(struct import *im, const char *text, size_t len)
{
	struct asterisk *a = asterisk_state(im);

	if (a && sql_is(text, len))
		sql_read(im, text, len, asterisk_take_row);
	else if (a)
		conf_read(im, &a->conf, text, len);
}

static void asterisk_finish(struct import *im)
{
	struct asterisk *a = im->state;
	const struct conf_section *s;

	if (!a)
		return;
	asterisk_take_all(im, &a->conf.sections, 0);
	sip_prepare(im);
	if (im->err)
		return;
	asterisk_index(im, &a->conf.sections);
	for (size_t i = 1; types[i].type; i++) {
		if (types[i].take)
			asterisk_take_all(im, &a->conf.sections, i);
	}
	STAILQ_FOREACH(s, &a->conf.sections, entry) {
		if (!strcasecmp(s->name, "general") && !im->err)
			sip_take_general(im, s);
	}
	asterisk_note_others(im, &a->conf.sections);
}

static void asterisk_clear(struct import *im)
{
	struct asterisk *a = im->state;

	if (!a)
		return;
	set_free(&a->typed);
	set_free(&a->secrets);
	set_free(&a->identified);
	set_free(&a->conf.first);
	set_free(&a->conf.last);
}

const struct import_source import_asterisk = {
	.name = "asterisk",
	.file = "pjsip.conf",
	.about = "also pjsip_wizard.conf, sip.conf, realtime rows",
	.plan = asterisk_plan,
	.waits = asterisk_waits,
	.read = asterisk_read_conf,
	.finish = asterisk_finish,
	.clear = asterisk_clear,
};

/*
 * Kamailio's dispatcher list: `set destination flags priority attributes`, a destination
 * a line, '#' begins a comment.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/uri.h"
#include "exporter/import/model.h"

/* As Kamailio's manual of the dispatcher module names them. */
enum {
	FLAG_INACTIVE = 1,
	FLAG_TRYING = 2,
	FLAG_DISABLED = 4,
	FLAG_PROBING = 8,
	FLAG_NO_PING = 32,
};

enum { COLUMNS = 5, ATTRIBUTES_MAX = 32 };

/* One destination, split in place. */
struct line {
	char *columns[COLUMNS];
	size_t count;
	char *attributes[ATTRIBUTES_MAX];
	size_t attribute_count;
};

/* Why a destination is not probed as it stands in the list, or NULL. */
static const char *kamailio_why_paused(unsigned long flags)
{
	if (flags & FLAG_DISABLED)
		return "disabled (flag 4)";
	if (flags & FLAG_NO_PING)
		return "not to be pinged (flag 32)";
	if ((flags & FLAG_INACTIVE) && !(flags & FLAG_PROBING))
		return "inactive (flag 1) and not probed";
	return NULL;
}

static void kamailio_set_paused(struct import *im, struct import_trunk *t,
				const char *why)
{
	(void)import_set(im, t, IMPORT_PAUSED, im->at, "true");
	import_note(im, im->at, "paused: \"%.80s\" is %s", t->name, why);
}

/* "udp:192.0.2.1:5060": the address alone, as the port is Kamailio's own. */
static void kamailio_set_socket(struct import *im, struct import_trunk *t,
				const char *value)
{
	const char *colon = strchr(value, ':');
	const char *uri =
		colon ? import_uri_of_ours(im, im->at, "socket", colon + 1) : NULL;
	struct config_uri parsed;
	size_t zeros;

	if (!colon)
		import_note(im, im->at, "left out: socket=%.80s is no address", value);
	if (!uri || config_uri_parse(uri, &parsed))
		return;
	zeros = strspn(parsed.host.p, "0.:");
	if (!parsed.ipv4 && !parsed.ipv6) {
		import_note(im, im->at, "left out: socket=%.80s is no address", value);
	} else if (zeros < parsed.host.l) {
		(void)import_set(im, t, IMPORT_LOCAL_ADDRESS, im->at,
				 import_copy(im, parsed.host.p, parsed.host.l));
		if (parsed.port)
			import_note(im, im->at,
				    "changed: probes leave from any port, "
				    "%u is Kamailio's",
				    parsed.port);
	}
}

static void kamailio_set_ping_from(struct import *im, struct import_trunk *t,
				   const char *value)
{
	(void)import_set_uri(im, t, IMPORT_FROM, im->at, value);
}

static void kamailio_set_obproxy(struct import *im, struct import_trunk *t,
				 const char *value)
{
	(void)import_set_uri(im, t, IMPORT_OUTBOUND_PROXY, im->at, value);
}

static const struct {
	const char *name;
	void (*set)(struct import *im, struct import_trunk *t, const char *value);
} attributes[] = {
	{"duid", NULL}, /* the name, read ahead */
	{"socket", kamailio_set_socket},
	{"ping_from", kamailio_set_ping_from},
	{"obproxy", kamailio_set_obproxy},
};

enum { ATTRIBUTES = sizeof(attributes) / sizeof(*attributes) };

/* The value of NAME=VALUE when that is @name, or NULL. */
static const char *kamailio_value_of(const char *pair, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(pair, name, len) && pair[len] == '=' ? pair + len + 1 : NULL;
}

static void kamailio_set_attribute(struct import *im, struct import_trunk *t,
				   const char *pair)
{
	const char *value;

	for (size_t i = 0; i < ATTRIBUTES; i++) {
		value = kamailio_value_of(pair, attributes[i].name);
		if (value && attributes[i].set)
			attributes[i].set(im, t, value);
		if (value)
			return;
	}
	import_note(im, im->at, "left out: %.80s says nothing of probing", pair);
}

/* The name that a list gives, or the URI's host and port. */
static const char *kamailio_name_of(struct import *im, const struct line *l,
				    const char *uri)
{
	struct config_uri u;

	for (size_t i = 0; i < l->attribute_count; i++) {
		const char *duid = kamailio_value_of(l->attributes[i], "duid");

		if (duid && *duid)
			return duid;
	}
	if (config_uri_parse(uri, &u))
		return uri;
	if (!u.port)
		return import_copy(im, u.host.p, u.host.l);
	return import_format(im, u.ipv6 ? "[%.*s]:%u" : "%.*s:%u", (int)u.host.l,
			     u.host.p, u.port);
}

/* Digits to their end, as large as Kamailio's own int. */
static bool kamailio_number(unsigned long *out, const char *text)
{
	char *end;

	if (!*text || text[strspn(text, "0123456789")])
		return false;
	errno = 0;
	*out = strtoul(text, &end, 10);
	return !errno && *out <= 0x7fffffff;
}

/* Columns end at white space, and the line at a '#', also within a word. */
static void kamailio_split(struct line *l, char *text)
{
	char *save, *word;

	text[strcspn(text, "#")] = '\0';
	for (word = strtok_r(text, " \t\r", &save); word && l->count < COLUMNS;
	     word = strtok_r(NULL, " \t\r", &save))
		l->columns[l->count++] = word;
	if (l->count < COLUMNS)
		return;
	for (word = strtok_r(l->columns[COLUMNS - 1], ";", &save);
	     word && l->attribute_count < ATTRIBUTES_MAX;
	     word = strtok_r(NULL, ";", &save))
		l->attributes[l->attribute_count++] = word;
}

static void kamailio_take_line(struct import *im, const struct line *l)
{
	unsigned long set, flags = 0, priority = 0;
	struct import_trunk *t;
	const char *uri, *why;

	if (l->count < 2 || !kamailio_number(&set, l->columns[0])) {
		import_note(im, im->at,
			    "left out: not of the form SET DESTINATION FLAGS PRIORITY "
			    "ATTRIBUTES");
		return;
	}
	uri = import_uri(im, im->at, "destination", l->columns[1]);
	if (!uri)
		return;
	if ((l->count > 2 && !kamailio_number(&flags, l->columns[2])) ||
	    (l->count > 3 && !kamailio_number(&priority, l->columns[3]))) {
		import_note(im, im->at, "left out: flags and priority are not numbers");
		return;
	}
	t = import_trunk_add(im, im->at, kamailio_name_of(im, l, uri), uri);
	if (!t)
		return;
	t->label = "dispatcher_set";
	t->label_value = import_format(im, "%lu", set);
	for (size_t i = 0; i < l->attribute_count; i++)
		kamailio_set_attribute(im, t, l->attributes[i]);
	if (priority)
		import_note(im, im->at, "left out: priority %lu says nothing of probing",
			    priority);
	why = kamailio_why_paused(flags);
	if (why)
		kamailio_set_paused(im, t, why);
}

static void kamailio_read_list(struct import *im, const char *text, size_t len)
{
	const char *end = text + len;

	for (im->at.line = 1; text < end && !im->err; im->at.line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((stop ? stop : end) - text);
		char *copy = import_copy(im, text, size);
		struct line l = {.count = 0};

		if (!copy)
			return;
		kamailio_split(&l, copy);
		if (l.count)
			kamailio_take_line(im, &l);
		text += size + 1;
	}
}

const struct import_source import_kamailio = {
	.name = "kamailio",
	.file = "dispatcher.list",
	.about = "a list of the dispatcher module",
	.read = kamailio_read_list,
};

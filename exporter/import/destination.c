#include "exporter/import/destination.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "config/uri.h"

enum { ATTRIBUTES_MAX = 32 };

/* What is being made a trunk. */
struct making {
	struct import *im;
	struct import_trunk *t;
	struct import_at at;
	bool own_socket;    /* ping_socket is there, which is for pings alone */
	const char *server; /* whose the port of a socket is */
};

/* Why a destination is not probed as it stands in the list, or NULL. */
static const char *destination_why_paused(unsigned long flags)
{
	if (flags & DESTINATION_DISABLED)
		return "disabled (flag 4)";
	if (flags & DESTINATION_NO_PING)
		return "not to be pinged (flag 32)";
	if ((flags & DESTINATION_INACTIVE) && !(flags & DESTINATION_PROBING))
		return "inactive (flag 1) and not probed";
	return NULL;
}

static void destination_set_paused(struct making *m, const char *why)
{
	(void)import_set(m->im, m->t, IMPORT_PAUSED, m->at, "true");
	import_note(m->im, m->at, "paused: \"%.80s\" is %s", m->t->name, why);
}

/* "udp:192.0.2.1:5060": the address alone, as the port is the server's own. */
static void destination_set_socket(struct making *m, const char *value)
{
	const char *colon = strchr(value, ':');
	const char *uri =
		colon ? import_uri_of_ours(m->im, m->at, "socket", colon + 1) : NULL;
	struct config_uri parsed;
	size_t zeros;

	if (!colon)
		import_note(m->im, m->at, "left out: socket=%.80s is no address",
			    redact(value).s);
	if (!uri || config_uri_parse(uri, &parsed))
		return;
	zeros = strspn(parsed.host.p, "0.:");
	if (!parsed.ipv4 && !parsed.ipv6) {
		import_note(m->im, m->at, "left out: socket=%.80s is no address",
			    redact(value).s);
	} else if (zeros < parsed.host.l) {
		(void)import_set(m->im, m->t, IMPORT_LOCAL_ADDRESS, m->at,
				 import_copy(m->im, parsed.host.p, parsed.host.l));
		if (parsed.port)
			import_note(m->im, m->at,
				    "changed: probes leave from any port, "
				    "%u is %s",
				    parsed.port, m->server);
	}
}

static void destination_take_socket(struct making *m, const char *value)
{
	if (!m->own_socket)
		destination_set_socket(m, value);
}

static void destination_take_ping_socket(struct making *m, const char *value)
{
	destination_set_socket(m, value);
}

static void destination_take_sockname(struct making *m, const char *value)
{
	(void)value;
	import_note(m->im, m->at,
		    "left out: sockname of \"%.80s\"; it names a line of kamailio.cfg, "
		    "whose address may stand in local.address",
		    m->t->name);
}

static void destination_take_ping_from(struct making *m, const char *value)
{
	(void)import_set_uri(m->im, m->t, IMPORT_FROM, m->at, value);
}

static void destination_take_obproxy(struct making *m, const char *value)
{
	(void)import_set_uri(m->im, m->t, IMPORT_OUTBOUND_PROXY, m->at, value);
}

static const struct {
	const char *name;
	void (*take)(struct making *m, const char *value);
} attributes[] = {
	{"duid", NULL}, /* the name, read ahead */
	{"socket", destination_take_socket},
	{"ping_socket", destination_take_ping_socket},
	{"sockname", destination_take_sockname},
	{"ping_from", destination_take_ping_from},
	{"obproxy", destination_take_obproxy},
};

enum { ATTRIBUTES = sizeof(attributes) / sizeof(*attributes) };

/* The value of NAME=VALUE when that is @name, or NULL. */
static const char *destination_value_of(const char *pair, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(pair, name, len) && pair[len] == '=' ? pair + len + 1 : NULL;
}

/* How calls are shared out, which is no secret. */
static bool destination_is_load(const char *pair)
{
	static const char *const names[] = {"weight", "rweight", "maxload"};
	size_t i = 0;

	while (i < 3 && !destination_value_of(pair, names[i]))
		i++;
	return i < 3 && pair[strcspn(pair, "=") + 1 +
			     strspn(strchr(pair, '=') + 1, "0123456789")] == '\0';
}

/* Values of what nobody here knows are not shown: they may be anything. */
static void destination_take_attribute(struct making *m, const char *pair)
{
	size_t len = strcspn(pair, "=");

	for (size_t i = 0; i < ATTRIBUTES; i++) {
		const char *value = destination_value_of(pair, attributes[i].name);

		if (value && *value && attributes[i].take)
			attributes[i].take(m, value);
		if (value)
			return;
	}
	if (destination_is_load(pair))
		import_note(m->im, m->at, "left out: %.80s says nothing of probing",
			    pair);
	else if (pair[len])
		import_note(m->im, m->at,
			    "left out: the attribute \"%.*s\" says nothing of probing",
			    len < 40 ? (int)len : 40, pair);
	else
		import_note(m->im, m->at, "left out: an attribute without a value");
}

/* Splits attributes in place; quotes around a value, or all of them, are none of it. */
static size_t destination_split(char *list[ATTRIBUTES_MAX], char *text)
{
	size_t count = 0, len = strlen(text);
	char *save = NULL;

	if (len > 1 && *text == '"' && text[len - 1] == '"') {
		text[len - 1] = '\0';
		text++;
	}
	for (char *word = strtok_r(text, ";", &save); word && count < ATTRIBUTES_MAX;
	     word = strtok_r(NULL, ";", &save)) {
		char *value = strchr(word, '=');
		size_t l = value ? strlen(value + 1) : 0;

		if (l > 1 && strchr("\"'", value[1]) && value[l] == value[1]) {
			value[l] = '\0';
			memmove(value + 1, value + 2, l - 1);
		}
		list[count++] = word;
	}
	return count;
}

/* The name that a list gives, or the URI's host and port. */
static const char *destination_name(struct import *im, const struct destination *d,
				    char *const list[], size_t count, const char *uri)
{
	for (size_t i = 0; i < count; i++) {
		const char *duid = destination_value_of(list[i], "duid");

		if (duid && *duid)
			return duid;
	}
	if (d->name && *d->name)
		return d->name;
	return import_uri_host_name(im, uri);
}

static void destination_settle(struct making *m, const struct destination *d)
{
	const char *why = d->off ? d->off : destination_why_paused(d->flags);

	if (d->socket && *d->socket && !m->own_socket)
		destination_set_socket(m, d->socket);
	if (why)
		destination_set_paused(m, why);
}

void destination_add(struct import *im, const struct destination *d)
{
	const char *uri = import_uri(im, d->at, "destination", d->uri), *name;
	char *list[ATTRIBUTES_MAX];
	size_t count = d->attributes ? destination_split(list, d->attributes) : 0;
	struct making m = {
		.im = im,
		.at = d->at,
		.server = d->socket ? "the server's" : "Kamailio's",
	};

	if (!uri && d->name && *d->name)
		import_note(im, d->at, "left out: \"%.80s\", as its URI is none",
			    redact(d->name).s);
	name = uri ? destination_name(im, d, list, count, uri) : NULL;
	m.t = name ? import_trunk_add(im, d->at, name, uri) : NULL;
	if (!m.t)
		return;
	if (d->label && d->set)
		import_set_label(im, m.t, d->at, d->label, d->set);
	for (size_t i = 0; i < count; i++)
		m.own_socket =
			m.own_socket || destination_value_of(list[i], "ping_socket");
	for (size_t i = 0; i < count; i++)
		destination_take_attribute(&m, list[i]);
	destination_settle(&m, d);
}

bool destination_number(unsigned long *out, const char *text)
{
	bool hex = !strncasecmp(text, "0x", 2);
	const char *digits = hex ? text + 2 : text;

	if (!*digits ||
	    digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return false;
	errno = 0;
	*out = strtoul(digits, NULL, hex ? 16 : 10);
	return !errno && *out <= 0x7fffffff;
}

unsigned long destination_flags_of(const char *letters)
{
	static const struct {
		char letter;
		unsigned long flag;
	} of[] = {
		{'I', DESTINATION_INACTIVE}, {'T', DESTINATION_TRYING},
		{'D', DESTINATION_DISABLED}, {'P', DESTINATION_PROBING},
		{'N', DESTINATION_NO_PING},
	};
	unsigned long flags = 0;
	size_t len = strnlen(letters, 2);

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		flags |= memchr(letters, of[i].letter, len) ? of[i].flag : 0;
	return flags;
}

const char *destination_seen(struct import *im, const char *text, size_t len)
{
	char *copy = import_copy(im, text, len), *found = NULL;
	struct redacted seen;

	for (char *p = copy; p && *p && !found; p++) {
		if (!strncasecmp(p, "sip:", 4) || !strncasecmp(p, "sips:", 5))
			found = p;
	}
	if (!found)
		return NULL;
	/* A space or quote ends a URI, but not a password: that is taken out first. */
	seen = redact(found);
	seen.s[strcspn(seen.s, " \t\r\n\"'`,")] = '\0';
	return import_copy(im, seen.s, strlen(seen.s));
}

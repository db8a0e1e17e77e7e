#include "exporter/import/model.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "config/peer_address.h"
#include "config/uri.h"
#include "config/value.h"

enum { TEXT_MAX = 255, URI_MAX = 1024, SECOND_US = 1000000 };

/* Within what the configuration takes, whatever else is set. */
static const int64_t interval_least_us = SECOND_US;
static const int64_t day_us = 86400LL * SECOND_US;

static const struct {
	const char *section;
	const char *name;
	bool raw;
} keys[IMPORT_KEYS] = {
	[IMPORT_INTERVAL] = {NULL, "interval", false},
	[IMPORT_TIMEOUT] = {NULL, "timeout", false},
	[IMPORT_PAUSED] = {NULL, "paused", true},
	[IMPORT_OUTBOUND_PROXY] = {NULL, "outbound_proxy", false},
	[IMPORT_FROM] = {NULL, "from", false},
	[IMPORT_LOCAL_ADDRESS] = {"local", "address", false},
	[IMPORT_METHOD] = {NULL, "method", true},
	[IMPORT_REGISTER_AOR] = {"register", "aor", false},
	[IMPORT_USERNAME] = {"auth", "username", false},
	[IMPORT_PASSWORD_FILE] = {"auth", "password_file", false},
};

const char *import_key_section(enum import_key key)
{
	return keys[key].section;
}

const char *import_key_name(enum import_key key)
{
	return keys[key].name;
}

bool import_key_raw(enum import_key key)
{
	return keys[key].raw;
}

bool import_fail(struct import *im, int err)
{
	if (!im->err)
		im->err = err;
	return false;
}

void import_note(struct import *im, struct import_at at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			*p = '?';
	}
	fprintf(im->notes, "%s:%u: %s\n", at.file, at.line, text);
}

char *import_copy(struct import *im, const char *text, size_t len)
{
	char *copy = arena_copy(&im->arena, text, len);

	if (!copy)
		import_fail(im, ENOMEM);
	return copy;
}

char *import_format(struct import *im, const char *fmt, ...)
{
	char text[2 * URI_MAX];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(text)) {
		import_fail(im, EFBIG);
		return NULL;
	}
	return import_copy(im, text, (size_t)len);
}

/* Fault of a text that the configuration is to hold, or NULL. */
static const char *import_check_text(const char *text)
{
	size_t left = strlen(text), step;

	if (!left)
		return "is empty";
	if (left > TEXT_MAX)
		return "is longer than 255 bytes";
	for (const char *p = text; left; p += step, left -= step) {
		step = utf8_length(p, left);
		if (!step)
			return "is not UTF-8";
	}
	return value_printable(text);
}

static bool import_has_scheme(const char *text)
{
	return !strncasecmp(text, "sip:", 4) || !strncasecmp(text, "sips:", 5);
}

/* @peer: where a peer is to be found, which not every address can be */
static const char *import_uri_made(struct import *im, struct import_at at,
				   const char *what, const char *text, bool peer)
{
	const char *open = strchr(text, '<');
	const char *from = open ? open + 1 : text;
	size_t len = open ? strcspn(from, ">") : strlen(from);
	const char *why = "it is longer than 1024 bytes", *uri;
	struct config_uri parsed;

	if (len + 4 <= URI_MAX) {
		uri = import_format(im, "%s%.*s",
				    import_has_scheme(from) ? "" : "sip:", (int)len,
				    from);
		why = uri ? config_uri_parse(uri, &parsed) : NULL;
		if (uri && !why && peer)
			why = peer_address_uri_fault(&parsed);
		if (!why)
			return uri;
	}
	import_note(im, at, "left out: %s \"%.80s\": %s", what, text, why);
	return NULL;
}

const char *import_uri(struct import *im, struct import_at at, const char *what,
		       const char *text)
{
	return import_uri_made(im, at, what, text, true);
}

const char *import_uri_of_ours(struct import *im, struct import_at at, const char *what,
			       const char *text)
{
	return import_uri_made(im, at, what, text, false);
}

const char *import_uri_transport(struct import *im, struct import_at at, const char *uri,
				 const char *transport)
{
	struct config_uri parsed;
	const char *longer, *why;

	if (!transport || !strcasecmp(transport, "udp") ||
	    config_uri_parse(uri, &parsed) || parsed.transport != CONFIG_TRANSPORT_NONE)
		return uri;
	longer = import_format(im, "%s;transport=%.40s", uri, transport);
	why = longer ? config_uri_parse(longer, &parsed) : NULL;
	if (why)
		import_note(im, at, "left out: transport \"%.40s\": %s", transport, why);
	return why ? uri : longer;
}

/* The name, or with "-2", "-3" … the first that is free; both NULL without memory. */
static const char *import_model_unique(struct import *im, struct set *taken,
				       const char *name)
{
	const char *kept = import_copy(im, name, strlen(name));
	struct set_entry *e = kept ? set_put(taken, kept, strlen(kept)) : NULL;
	uintptr_t number;

	while (e && e->value) {
		/* A set may move: what a name counts is found anew. */
		number = ++set_find(taken, name, strlen(name))->value;
		kept = import_format(im, "%s-%zu", name, (size_t)number);
		e = kept ? set_put(taken, kept, strlen(kept)) : NULL;
	}
	if (e)
		e->value = 1;
	return e ? kept : NULL;
}

struct import_trunk *import_trunk_add(struct import *im, struct import_at at,
				      const char *name, const char *uri)
{
	const char *why = import_check_text(name);
	struct import_trunk *t;

	if (why || strlen(name) > TEXT_MAX - 8) {
		import_note(im, at, "left out: the name \"%.80s\" %s", name,
			    why ? why : "is too long");
		return NULL;
	}
	if (im->trunk_count >= IMPORT_TRUNKS_MAX) {
		import_fail(im, EFBIG);
		return NULL;
	}
	t = arena_alloc(&im->arena, sizeof(*t), 8);
	if (t) {
		t->name = import_model_unique(im, &im->names, name);
		t->uri = uri;
		t->at = at;
	}
	if (!t || !t->name) {
		import_fail(im, ENOMEM);
		return NULL;
	}
	STAILQ_INSERT_TAIL(&im->trunks, t, entry);
	im->trunk_count++;
	return t;
}

bool import_set(struct import *im, struct import_trunk *t, enum import_key key,
		struct import_at at, const char *value)
{
	const char *why = value ? import_check_text(value) : NULL;

	if (!value)
		return import_fail(im, ENOMEM);
	if (key == IMPORT_USERNAME && strpbrk(value, "\"\\"))
		why = "holds '\"' or '\\'";
	if (why) {
		import_note(im, at, "left out: %s%s%s \"%.80s\" %s",
			    keys[key].section ? keys[key].section : "",
			    keys[key].section ? "." : "", keys[key].name, value, why);
		return false;
	}
	t->values[key] = value;
	return true;
}

bool import_set_uri(struct import *im, struct import_trunk *t, enum import_key key,
		    struct import_at at, const char *value)
{
	const char *uri = value ? import_uri(im, at, keys[key].name, value) : NULL;

	return uri && import_set(im, t, key, at, uri);
}

static int64_t import_model_clamp(int64_t us, int64_t least, int64_t most)
{
	return us < least ? least : us > most ? most : us;
}

bool import_set_seconds(struct import *im, struct import_trunk *t, enum import_key key,
			struct import_at at, const char *value)
{
	int64_t least = key == IMPORT_INTERVAL ? interval_least_us : SECOND_US / 10;
	int64_t most = key == IMPORT_INTERVAL ? day_us : day_us / 2, us;
	char *end;
	double s = strtod(value, &end);

	if (end == value || *end || !(s > 0)) {
		import_note(im, at, "left out: %s \"%.40s\" is no number of seconds",
			    keys[key].name, value);
		return false;
	}
	us = import_model_clamp(s < 1e6 ? (int64_t)(s * 1e3) * 1000 : most, least, most);
	if (s > 1e6 || us != (int64_t)(s * 1e3) * 1000)
		import_note(im, at, "changed: %s \"%.40s\" to %s", keys[key].name, value,
			    duration_text(us).s);
	return import_set(im, t, key, at, import_format(im, "%s", duration_text(us).s));
}

const char *import_secret(struct import *im, struct import_at at, const char *name)
{
	char file[128];
	const char *kept;

	snprintf(file, sizeof(file) - 8, "%s", name);
	for (char *p = file; *p; p++) {
		if (!isascii((unsigned char)*p) ||
		    (!isalnum((unsigned char)*p) && *p != '-' && *p != '_'))
			*p = '_';
	}
	kept = import_model_unique(im, &im->secrets, file);
	kept = kept ? import_format(im, "%s.secret", kept) : NULL;
	if (kept)
		import_note(im, at,
			    "to do: put the password that stands here into %s, beside "
			    "the configuration, readable by siptrunk_exporter alone",
			    kept);
	return kept;
}

static int64_t import_duration_of(const struct import_trunk *t, enum import_key key,
				  int64_t fallback_us)
{
	int64_t us = fallback_us;

	if (t->values[key])
		(void)value_duration(&us, t->values[key]);
	return us;
}

/* A timeout has to end before the next probe; the defaults are 30 and 5 seconds. */
static void import_settle_timeout(struct import *im, struct import_trunk *t)
{
	int64_t interval_us = import_duration_of(t, IMPORT_INTERVAL, 30LL * SECOND_US);
	int64_t timeout_us = import_duration_of(t, IMPORT_TIMEOUT, 5LL * SECOND_US);

	if (timeout_us < interval_us)
		return;
	timeout_us = interval_us * 9 / 10;
	import_note(im, t->at,
		    "changed: timeout of \"%.80s\" to %s, as it must be shorter "
		    "than interval",
		    t->name, duration_text(timeout_us).s);
	(void)import_set(im, t, IMPORT_TIMEOUT, t->at,
			 import_format(im, "%s", duration_text(timeout_us).s));
}

/* Half of a pair says nothing; what needs the other half goes with it. */
static void import_settle_pair(struct import_trunk *t, enum import_key a,
			       enum import_key b)
{
	if (!t->values[a] || !t->values[b])
		t->values[a] = t->values[b] = NULL;
}

void import_settle(struct import *im)
{
	struct import_trunk *t;

	STAILQ_FOREACH(t, &im->trunks, entry) {
		import_settle_timeout(im, t);
		import_settle_pair(t, IMPORT_USERNAME, IMPORT_PASSWORD_FILE);
	}
}

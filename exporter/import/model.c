#include "exporter/import/model.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "base/utf8.h"
#include "config/value.h"

enum { TEXT_MAX = 255, FORMAT_MAX = 2048, SECOND_US = 1000000 };

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
	char text[1024];
	int len = snprintf(text, sizeof(text) / 2, "%s:%u: ", at.file, at.line);
	va_list ap;

	if (len >= (int)sizeof(text) / 2)
		len = (int)sizeof(text) / 2 - 1;
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		/* A file may have any name, but no line of its own. */
		if (c < ' ' || c == 0x7f || (c > 0x7f && p >= text + len))
			*p = '?';
	}
	/* At once, as standard error has no buffer. */
	fprintf(im->notes, "%s\n", text);
}

void import_unusable(struct import *im, struct import_at at, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	import_note(im, at, "%s", text);
	im->unusable++;
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
	char text[FORMAT_MAX];
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
		import_note(im, at, "left out: the name \"%.80s\" %s", redact(name).s,
			    why ? why : "is too long");
		return NULL;
	}
	if (im->trunk_count >= IMPORT_TRUNKS_MAX) {
		import_fail(im, EFBIG);
		return NULL;
	}
	t = arena_alloc(&im->arena, sizeof(*t), 8);
	if (t) {
		t->wanted = import_copy(im, name, strlen(name));
		t->name = import_model_unique(im, &im->names, name);
		t->uri = uri;
		t->at = at;
	}
	if (!t || !t->name || !t->wanted) {
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
			    keys[key].section ? "." : "", keys[key].name, redact(value).s,
			    why);
		return false;
	}
	t->values[key] = value;
	return true;
}

void import_set_label(struct import *im, struct import_trunk *t, struct import_at at,
		      const char *label, const char *value)
{
	const char *why = import_check_text(value);

	if (why) {
		import_note(im, at, "left out: label %s \"%.80s\" %s", label,
			    redact(value).s, why);
		return;
	}
	t->label = label;
	t->label_value = value;
}

bool import_set_uri(struct import *im, struct import_trunk *t, enum import_key key,
		    struct import_at at, const char *value)
{
	const char *uri = value ? import_uri(im, at, keys[key].name, value) : NULL;

	return uri && import_set(im, t, key, at, uri);
}

void import_set_register(struct import *im, struct import_trunk *t, struct import_at at,
			 const char *aor, struct import_at note)
{
	(void)import_set_uri(im, t, IMPORT_REGISTER_AOR, at, aor);
	import_note(
		im, note,
		"changed: \"%.80s\" is asked whether its registration stands; nothing "
		"is registered",
		t->name);
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
			    keys[key].name, redact(value).s);
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

/*
 * Types of credentials. No message shows what a secret is, only where it should be, and
 * no copy of one outlives its use.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/reader/schema.h"
#include "config/reader/types.h"
#include "config/reader/value.h"

enum { SECRET_MAX = 1024 };

/* A secret under way, zeroed and wiped by its maker. */
struct secret {
	char text[SECRET_MAX + 3]; /* a line end and a zero besides */
	size_t len;
};

static bool read_username(struct walk *w, const struct field *f,
			  const struct doc_path *at, void *base)
{
	const char *text = type_take_text(w, f, at);

	if (text && strpbrk(text, "\"\\"))
		return walk_fault(w, at, "%s: '\"' and '\\' are not allowed",
				  quote(text).s);
	text = text ? walk_keep(w, text) : NULL;
	if (text)
		*TYPE_AT(const char *, base, f) = text;
	return text;
}

static void schema_username(struct schema *s, const struct field *f)
{
	schema_text(s, f->min, f->max);
	schema_raw(s, "pattern", "\"^[^\\u0000-\\u001f\\u007f-\\u009f\\\"\\\\\\\\]*$\"");
}

const struct value_type type_username = {
	sizeof(char *),
	read_username,
	schema_username,
	type_equal_text,
};

static const char *secret_append(struct secret *s, const char *text, size_t len)
{
	if (len > SECRET_MAX - s->len)
		return "the password is longer than 1024 bytes";
	memcpy(s->text + s->len, text, len);
	s->len += len;
	return value_printable(s->text);
}

/*
 * Takes ${NAME} off the front of @text and appends what it stands for. The name is ours
 * to show: it is in @name on failure.
 */
static const char *append_variable(struct secret *s, const char **text, char name[65])
{
	size_t len = 0;
	const char *value;

	*text += 2;
	while (isalnum((unsigned char)(*text)[len]) || (*text)[len] == '_')
		len++;
	if (!len || len > 64 || (*text)[len] != '}')
		return "after \"${\" comes the name of an environment variable and '}'";
	memcpy(name, *text, len);
	name[len] = '\0';
	*text += len + 1;
	value = getenv(name);
	if (!value || !*value)
		return "is not set";
	return secret_append(s, value, strlen(value));
}

static const char *secret_expand(struct secret *s, const char *text, char name[65])
{
	const char *why = NULL;

	while (*text && !why) {
		const char *next = strstr(text, "${");
		size_t len = next ? (size_t)(next - text) : strlen(text);

		name[0] = '\0';
		why = secret_append(s, text, len);
		text += len;
		if (next && !why)
			why = append_variable(s, &text, name);
	}
	return why;
}

static bool keep_secret(struct walk *w, const struct field *f, void *base,
			const struct secret *s)
{
	const char *kept = walk_keep(w, s->text);

	if (kept)
		*TYPE_AT(const char *, base, f) = kept;
	return kept;
}

static bool read_secret(struct walk *w, const struct field *f, const struct doc_path *at,
			void *base)
{
	struct secret s = {.len = 0};
	char name[65] = "";
	const char *why;
	bool good;

	if (!doc_text(at->node))
		return walk_type_fault(w, at, "a string");
	if (!*doc_text(at->node))
		return walk_fault(w, at, "must not be empty");
	why = secret_expand(&s, doc_text(at->node), name);
	if (why && *name)
		good = walk_fault(w, at, "environment variable %s: %s", name, why);
	else if (why)
		good = walk_fault(w, at, "%s", why);
	else
		good = keep_secret(w, f, base, &s);
	explicit_bzero(&s, sizeof(s));
	return good;
}

const struct value_type type_secret = {
	sizeof(char *),
	read_secret,
	type_schema_printable,
	type_equal_text,
};

static const char too_long[] = "it is longer than 1024 bytes";

/* Says what is wrong with a file's content, or NULL; takes the line end off. */
static const char *check_content(struct secret *s)
{
	if (s->len && s->text[s->len - 1] == '\n')
		s->len--;
	if (s->len && s->text[s->len - 1] == '\r')
		s->len--;
	s->text[s->len] = '\0';
	if (!s->len)
		return "it holds no password";
	if (s->len > SECRET_MAX)
		return too_long;
	if (strlen(s->text) != s->len)
		return "control characters, line ends among them, are not allowed";
	return value_printable(s->text);
}

static bool read_secret_file(struct walk *w, const struct field *f,
			     const struct doc_path *at, void *base)
{
	const char *name = type_take_text(w, f, at);
	const char *full = name ? type_absolute_name(w, name) : NULL;
	struct secret s = {.len = 0};
	const char *why;
	bool good;
	int err;

	if (!full)
		return false;
	/* Among the files that the configuration names, whoever limits what is read. */
	if (!set_put(&w->files, full, strlen(full)) ||
	    !set_put(&w->secrets, full, strlen(full)))
		return walk_nomem(w);
	err = file_read_into(s.text, &s.len, sizeof(s.text), full);
	if (!err)
		readings_add_file(&w->readings, full, s.text, s.len);
	if (err)
		why = err == EFBIG ? too_long : strerror(err);
	else
		why = check_content(&s);
	if (why)
		good = walk_fault(w, at, "cannot read %s%s: %s",
				  name[0] == '/' ? "" : w->shown, name, why);
	else if (w->readings.err)
		good = walk_nomem(w);
	else
		good = keep_secret(w, f, base, &s);
	explicit_bzero(&s, sizeof(s));
	return good;
}

const struct value_type type_secret_file = {
	sizeof(char *),
	read_secret_file,
	type_schema_printable,
	type_equal_text,
};

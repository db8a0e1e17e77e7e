/* Types of single values. */
#include "config/reader/types.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/reader/schema.h"
#include "config/reader/value.h"

#define AT TYPE_AT
#define IN TYPE_IN

static bool read_duration(struct walk *w, const struct field *f,
			  const struct doc_path *at, void *base)
{
	const char *why;
	int64_t us;

	if (cJSON_IsNumber(at->node))
		return walk_fault(w, at,
				  "a duration is a string with a unit, as in \"%.15gs\"",
				  at->node->valuedouble);
	if (!doc_text(at->node))
		return walk_type_fault(w, at, "a duration, as in \"30s\"");
	why = value_duration(&us, doc_text(at->node));
	if (why)
		return walk_fault(w, at, "%s: %s", quote(doc_text(at->node)).s, why);
	if (us < f->min || us > f->max)
		return walk_fault(w, at, "%s is out of range: from %s to %s",
				  quote(doc_text(at->node)).s, duration_text(f->min).s,
				  duration_text(f->max).s);
	*AT(int64_t, base, f) = us;
	return true;
}

static void schema_duration(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern",
		      "^(?=.)([0-9]{1,9}(\\.[0-9]{1,9})?h)?([0-9]{1,9}(\\.[0-9]{1,9})?m)?"
		      "([0-9]{1,9}(\\.[0-9]{1,9})?s)?([0-9]{1,9}(\\.[0-9]{1,9})?ms)?$");
}

static bool equal_duration(const struct field *f, const void *a, const void *b)
{
	return *IN(int64_t, a, f) == *IN(int64_t, b, f);
}

const struct value_type type_duration = {
	sizeof(int64_t),
	read_duration,
	schema_duration,
	equal_duration,
};

/* A whole number within the row's bounds. */
static bool take_whole(int64_t *vp, struct walk *w, const struct field *f,
		       const struct doc_path *at)
{
	double v = at->node->valuedouble;

	if (!cJSON_IsNumber(at->node))
		return walk_type_fault(w, at, "a whole number");
	if (!(v >= (double)f->min && v <= (double)f->max) || v != (double)(int64_t)v)
		return walk_fault(w, at, "must be a whole number from %lld to %lld",
				  (long long)f->min, (long long)f->max);
	*vp = (int64_t)v;
	return true;
}

static bool read_number(struct walk *w, const struct field *f, const struct doc_path *at,
			void *base)
{
	int64_t v = 0;

	if (!take_whole(&v, w, f, at))
		return false;
	*AT(unsigned, base, f) = (unsigned)v;
	return true;
}

static void schema_whole(struct schema *s, const struct field *f)
{
	schema_string(s, "type", "integer");
	schema_number(s, "minimum", (double)f->min);
	schema_number(s, "maximum", (double)f->max);
}

bool type_equal_unsigned(const struct field *f, const void *a, const void *b)
{
	return *IN(unsigned, a, f) == *IN(unsigned, b, f);
}

const struct value_type type_number = {
	sizeof(unsigned),
	read_number,
	schema_whole,
	type_equal_unsigned,
};

static bool read_integer(struct walk *w, const struct field *f, const struct doc_path *at,
			 void *base)
{
	int64_t v = 0;

	if (!take_whole(&v, w, f, at))
		return false;
	*AT(int, base, f) = (int)v;
	return true;
}

bool type_equal_int(const struct field *f, const void *a, const void *b)
{
	return *IN(int, a, f) == *IN(int, b, f);
}

const struct value_type type_integer = {
	sizeof(int),
	read_integer,
	schema_whole,
	type_equal_int,
};

static bool read_flag(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *base)
{
	if (!cJSON_IsBool(at->node))
		return walk_type_fault(w, at, "true or false");
	*AT(bool, base, f) = cJSON_IsTrue(at->node);
	return true;
}

static void schema_bool(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "boolean");
}

static bool equal_flag(const struct field *f, const void *a, const void *b)
{
	return *IN(bool, a, f) == *IN(bool, b, f);
}

const struct value_type type_flag = {sizeof(bool), read_flag, schema_bool, equal_flag};

const char *type_take_text(struct walk *w, const struct field *f,
			   const struct doc_path *at)
{
	const char *text = doc_text(at->node);
	const char *why;
	size_t len;

	if (!doc_text(at->node)) {
		walk_type_fault(w, at, "a string");
		return NULL;
	}
	len = strlen(text);
	why = value_printable(text);
	if (why)
		walk_fault(w, at, "%s: %s", quote(text).s, why);
	else if (f->min && !len)
		walk_fault(w, at, "must not be empty");
	else if (len > (size_t)f->max)
		walk_fault(w, at, "is %zu bytes long; at most %lld are taken", len,
			   (long long)f->max);
	else
		return text;
	return NULL;
}

bool type_keep_text(struct walk *w, const struct field *f, void *base, const char *text)
{
	text = walk_keep(w, text);
	if (text)
		*AT(const char *, base, f) = text;
	return text;
}

static bool read_text(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *base)
{
	const char *text = type_take_text(w, f, at);

	return text && type_keep_text(w, f, base, text);
}

void type_schema_printable(struct schema *s, const struct field *f)
{
	schema_text(s, f->min, f->max);
	schema_raw(s, "pattern", "\"" SCHEMA_PRINTABLE "\"");
}

bool type_equal_text(const struct field *f, const void *a, const void *b)
{
	return type_same_text(*IN(const char *, a, f), *IN(const char *, b, f));
}

const struct value_type type_text = {
	sizeof(char *),
	read_text,
	type_schema_printable,
	type_equal_text,
};

/* 0, or why a file cannot be read. Its content is the reader's business. */
static int try_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st))
		err = errno;
	else if (S_ISDIR(st.st_mode))
		err = EISDIR;
	close(fd);
	return err;
}

const char *type_absolute_name(struct walk *w, const char *name)
{
	size_t folder = name[0] == '/' ? 0 : strlen(w->folder) + 1;
	char *full = malloc(folder + strlen(name) + 1);
	const char *kept = NULL;

	if (full) {
		if (folder)
			memcpy(full, w->folder, folder - 1);
		if (folder)
			full[folder - 1] = '/';
		strcpy(full + folder, name);
		kept = walk_keep(w, full);
	}
	free(full);
	if (!kept)
		walk_nomem(w);
	return kept;
}

static bool read_file(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *base)
{
	const char *name = type_take_text(w, f, at), *full;
	struct set_entry *e;

	full = name ? type_absolute_name(w, name) : NULL;
	if (!full)
		return false;
	e = set_put(&w->files, full, strlen(full));
	if (!e)
		return walk_nomem(w);
	if (!e->value)
		e->value = 1 + (uintptr_t)try_file(full);
	if (e->value > 1)
		return walk_fault(w, at, "cannot read %s%s: %s",
				  name[0] == '/' ? "" : w->shown, name,
				  strerror((int)e->value - 1));
	*AT(const char *, base, f) = full;
	return true;
}

const struct value_type type_file = {sizeof(char *), read_file, type_schema_printable,
				     type_equal_text};

static bool read_file_name(struct walk *w, const struct field *f,
			   const struct doc_path *at, void *base)
{
	const char *name = type_take_text(w, f, at);
	size_t folder = name && name[0] != '/' ? strlen(w->shown) : 0;
	char *full = name ? malloc(folder + strlen(name) + 1) : NULL;
	bool good;

	if (!full)
		return name ? walk_nomem(w) : false;
	memcpy(full, w->shown, folder);
	strcpy(full + folder, name);
	good = type_keep_text(w, f, base, full);
	free(full);
	return good;
}

/* Whether there is such a file is the user's business. */
const struct value_type type_file_name = {sizeof(char *), read_file_name,
					  type_schema_printable, type_equal_text};

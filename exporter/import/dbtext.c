/*
 * Tables of the modules db_text: a line of columns, `name(type,option)`, then a line a
 * row, values between ':' with '\' before what is none of its own.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "exporter/import/lines.h"
#include "exporter/import/rows.h"

struct dbtext {
	const char *columns[ROW_COLUMNS_MAX];
	size_t count;
	row_take_h *take;
	const char *table;
};

/* The file is named as its table. */
static const char *dbtext_table(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

/* "id(int,auto) setid(int)": types may hold spaces in no file of the field. */
static void dbtext_take_columns(struct dbtext *t, char *line)
{
	char *save = NULL;

	for (char *word = strtok_r(line, " \t", &save);
	     word && t->count < ROW_COLUMNS_MAX; word = strtok_r(NULL, " \t", &save)) {
		word[strcspn(word, "(")] = '\0';
		t->columns[t->count++] = word;
	}
}

static char dbtext_unescape(char c)
{
	static const char from[] = "nrt0", to[] = "\n\r\t";
	const char *at = strchr(from, c);

	return at && *at ? to[at - from] : c;
}

/* The value at *p, in place, which is moved behind its ':'. NULL at the line's end. */
static char *dbtext_value(char **p)
{
	char *value = *p, *out = *p, *in = *p;

	if (!in)
		return NULL;
	while (*in && *in != ':') {
		if (*in == '\\' && in[1])
			*out++ = dbtext_unescape(*++in);
		else
			*out++ = *in;
		in++;
	}
	*p = *in ? in + 1 : NULL;
	*out = '\0';
	return value;
}

static void dbtext_line_h(struct import *im, char *line, void *arg)
{
	const char *values[ROW_COLUMNS_MAX];
	struct dbtext *t = arg;
	struct row r = {im->at, t->table, t->columns, values, 0};

	if (!line[strspn(line, " \t")] || *line == '#')
		return;
	if (!t->count) {
		dbtext_take_columns(t, line);
		return;
	}
	while (r.count < t->count && line)
		values[r.count++] = dbtext_value(&line);
	t->take(im, &r);
}

void dbtext_read(struct import *im, const char *text, size_t len, row_take_h *take)
{
	struct dbtext t = {.take = take, .table = dbtext_table(im->at.file)};

	lines_each(im, text, len, dbtext_line_h, &t);
}

/* Its first line has types in parentheses, and is no comment. */
bool dbtext_is(const char *text, size_t len)
{
	static const char *const types[] = {"(int", "(str", "(double", "(blob"};
	const char *end = memchr(text, '\n', len), *open;
	size_t line = end ? (size_t)(end - text) : len, left;

	if (!line || !(isalpha((unsigned char)*text) || *text == '_'))
		return false;
	open = memchr(text, '(', line);
	left = open ? line - (size_t)(open - text) : 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		size_t l = strlen(types[i]);

		if (left >= l && !strncasecmp(open, types[i], l))
			return true;
	}
	return false;
}

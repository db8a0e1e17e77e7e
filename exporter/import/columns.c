/*
 * Tables as the clients of databases print them: a line of names, then a line a row,
 * with '|', tabs, commas or semicolons between the values.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "exporter/import/lines.h"
#include "exporter/import/rows.h"

struct columns {
	const char *names[ROW_COLUMNS_MAX];
	size_t count;
	char mark; /* between the values */
	row_take_h *take;
};

static const char marks[] = "|\t,;";

/* Names that only tables of trunks have. */
static const char *const telling[] = {
	"destination", "dst_uri", "gwid",	  "registrar",
	"r_domain",    "lcr_id",  "rewrite_host",
};

enum { TELLING = sizeof(telling) / sizeof(*telling) };

/* Whether a line is a rule, as "+----+" or "----+----". */
static bool columns_is_rule(const char *line)
{
	return !line[strspn(line, "+-| \t")];
}

/* The value at *p, in place, moved behind its mark; in double quotes marks are text. */
static char *columns_value(char **p, char mark)
{
	char *value = *p + strspn(*p, mark == '\t' ? " " : " \t"), *out = value,
	     *in = value;
	bool quoted = *in == '"', open = quoted;

	for (in += quoted; *in && (open || *in != mark); in++) {
		if (open && *in == '"' && in[1] != '"') {
			open = false;
			continue;
		}
		in += open && *in == '"';
		*out++ = *in;
	}
	*p = *in ? in + 1 : NULL;
	*out = '\0';
	value = quoted ? value : lines_trim(value);
	return strcasecmp(value, "NULL") && strcmp(value, "\\N") ? value : NULL;
}

static size_t columns_split(const char *list[ROW_COLUMNS_MAX], char *line, char mark)
{
	size_t count = 0, len = strlen(line);

	if (mark == '|' && *line == '|')
		line++;
	if (mark == '|' && len && line[strlen(line) - 1] == '|')
		line[strlen(line) - 1] = '\0';
	while (line && count < ROW_COLUMNS_MAX)
		list[count++] = columns_value(&line, mark);
	return count;
}

static void columns_line_h(struct import *im, char *line, void *arg)
{
	const char *values[ROW_COLUMNS_MAX];
	struct columns *c = arg;
	struct row r = {im->at, "", c->names, values, 0};

	line = c->mark == '\t' ? line : lines_trim(line);
	if (columns_is_rule(line) || *line == '#' || !strchr(line, c->mark))
		return;
	if (!c->count) {
		c->count = columns_split(c->names, line, c->mark);
		for (size_t i = 0; i < c->count; i++)
			c->names[i] = c->names[i] ? c->names[i] : "";
		return;
	}
	r.count = columns_split(values, line, c->mark);
	if (r.count > c->count)
		r.count = c->count;
	c->take(im, &r);
}

static bool columns_has_letter(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && !isalpha((unsigned char)text[i]))
		i++;
	return i < len;
}

/* The line of names: the first that is no rule, comment or blank. Its length, or 0. */
static size_t columns_header(const char **line, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((stop ? stop : end) - text);

		if (size && *text != '#' && columns_has_letter(text, size)) {
			*line = text;
			return size;
		}
		text += size + 1;
	}
	return 0;
}

/* What stands between the values of a table of trunks; 0: it is none. */
static char columns_mark(const char *text, size_t len)
{
	const char *line = NULL;
	size_t size = columns_header(&line, text, len);

	for (size_t i = 0; i < TELLING && size; i++) {
		if (!memmem(line, size, telling[i], strlen(telling[i])))
			continue;
		for (const char *m = marks; *m; m++)
			if (memchr(line, *m, size))
				return *m;
	}
	return '\0';
}

bool columns_is(const char *text, size_t len)
{
	return columns_mark(text, len);
}

void columns_read(struct import *im, const char *text, size_t len, row_take_h *take)
{
	struct columns c = {.take = take, .mark = columns_mark(text, len)};

	lines_each(im, text, len, columns_line_h, &c);
}

#include "exporter/import/sql_token.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool sql_is_word(const struct sql_text *s, const char *word)
{
	return s->t.kind == SQL_WORD && !strcasecmp(s->t.text, word);
}

bool sql_is_mark(const struct sql_text *s, char mark)
{
	return s->t.kind == SQL_MARK && s->t.mark == mark;
}

static bool sql_begins(const struct sql_text *s, const char *what)
{
	size_t len = strlen(what);

	return (size_t)(s->end - s->at) >= len && !memcmp(s->at, what, len);
}

static void sql_step(struct sql_text *s)
{
	s->line += *s->at == '\n';
	s->at++;
}

static void sql_skip_until(struct sql_text *s, const char *what)
{
	while (s->at < s->end && !sql_begins(s, what))
		sql_step(s);
	for (size_t i = strlen(what); i && s->at < s->end; i--)
		sql_step(s);
}

static void sql_skip_space(struct sql_text *s)
{
	while (s->at < s->end) {
		if (sql_begins(s, "--") || *s->at == '#')
			sql_skip_until(s, "\n");
		else if (sql_begins(s, "/*"))
			sql_skip_until(s, "*/");
		else if (isspace((unsigned char)*s->at) || !*s->at)
			sql_step(s);
		else
			return;
	}
}

static char sql_unescape(char c)
{
	static const char from[] = "nrt0Z", to[] = "\n\r\t\0\x1a";
	const char *at = strchr(from, c);

	return c && at ? to[at - from] : c;
}

/* The quote that ends a text begun before @p, or its end. */
static const char *sql_quote_end(const struct sql_text *s, const char *p, char quote,
				 bool escapes)
{
	for (; p < s->end; p++) {
		bool more = p + 1 < s->end;

		if (more && ((escapes && *p == '\\') || (*p == quote && p[1] == quote)))
			p++;
		else if (*p == quote)
			break;
	}
	return p;
}

/* What stands in quotes, which double within it; in strings '\' escapes as well. */
static void sql_take_quoted(struct sql_text *s, char quote, enum sql_kind kind)
{
	bool escapes = kind == SQL_STRING;
	const char *end = sql_quote_end(s, s->at + 1, quote, escapes);
	char *text = import_copy(s->im, s->at, (size_t)(end - s->at)), *out = text;

	s->t.kind = kind;
	s->t.text = text ? text : "";
	for (sql_step(s); text && s->at < end; sql_step(s)) {
		bool escaped = (escapes && *s->at == '\\') || *s->at == quote;
		bool slash = *s->at == '\\';

		if (escaped && s->at + 1 < end)
			sql_step(s);
		*out++ = escaped && slash ? sql_unescape(*s->at) : *s->at;
	}
	if (text)
		*out = '\0';
	s->at = end;
	if (s->at < s->end)
		sql_step(s);
}

static bool sql_is_name(char c)
{
	return isalnum((unsigned char)c) || strchr("_$@", c) || (unsigned char)c >= 0x80;
}

static void sql_take_word(struct sql_text *s)
{
	const char *begin = s->at;

	while (s->at < s->end && *s->at && sql_is_name(*s->at))
		s->at++;
	s->t.kind = SQL_WORD;
	s->t.text = import_copy(s->im, begin, (size_t)(s->at - begin));
	if (!s->t.text)
		s->t.text = "";
}

void sql_next(struct sql_text *s)
{
	sql_skip_space(s);
	s->t = (struct sql_token){.kind = SQL_END, .text = "", .line = s->line};
	if (s->at >= s->end || s->im->err)
		return;
	switch (*s->at) {
	case '\'':
		sql_take_quoted(s, '\'', SQL_STRING);
		return;
	case '"':
		sql_take_quoted(s, '"', SQL_NAME);
		return;
	case '`':
		sql_take_quoted(s, '`', SQL_NAME);
		return;
	case '[':
		sql_take_quoted(s, ']', SQL_NAME);
		return;
	}
	if (sql_is_name(*s->at)) {
		sql_take_word(s);
		return;
	}
	s->t.kind = SQL_MARK;
	s->t.mark = *s->at;
	s->at++;
}

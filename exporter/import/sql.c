/*
 * Rows in the SQL of a dump: INSERT and REPLACE with or without columns and of many rows,
 * COPY of PostgreSQL, CREATE TABLE for the columns of what follows.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "exporter/import/destination.h"
#include "exporter/import/rows.h"
#include "exporter/import/sql_token.h"

/* The columns of a table that was created. */
struct sql_table {
	const char *columns[ROW_COLUMNS_MAX];
	size_t count;
};

struct sql {
	struct sql_text s;
	struct set tables; /* by name; value: a struct sql_table */
	row_take_h *take;
	const char *table;	/* of the statement at hand */
	struct sql_table named; /* its columns, where it has them */
};

static bool sql_is_end(const struct sql *q)
{
	return q->s.t.kind == SQL_END || sql_is_mark(&q->s, ';');
}

static void sql_skip_statement(struct sql *q)
{
	while (!sql_is_end(q))
		sql_next(&q->s);
}

/* [IF NOT EXISTS] [schema.]name: the last part alone. */
static void sql_take_table(struct sql *q)
{
	q->table = "";
	q->named.count = 0;
	while (sql_is_word(&q->s, "if") || sql_is_word(&q->s, "not") ||
	       sql_is_word(&q->s, "exists") || sql_is_word(&q->s, "only"))
		sql_next(&q->s);
	while (q->s.t.kind == SQL_WORD || q->s.t.kind == SQL_NAME) {
		q->table = q->s.t.text;
		sql_next(&q->s);
		if (!sql_is_mark(&q->s, '.'))
			return;
		sql_next(&q->s);
	}
}

/* Moves behind the ',' of a list in parentheses, or onto the ')' that ends it. */
static void sql_skip_item(struct sql *q)
{
	unsigned depth = 0;

	while (!sql_is_end(q)) {
		if (!depth && sql_is_mark(&q->s, ')'))
			return;
		if (!depth && sql_is_mark(&q->s, ',')) {
			sql_next(&q->s);
			return;
		}
		depth += sql_is_mark(&q->s, '(');
		depth -= sql_is_mark(&q->s, ')');
		sql_next(&q->s);
	}
}

/* The names of "(a, b, c)", also where types follow them. Moves behind the ')'. */
static void sql_take_columns(struct sql *q, struct sql_table *t)
{
	static const char *const none[] = {"primary", "key",	 "unique", "constraint",
					   "index",   "foreign", "check",  "fulltext"};

	t->count = 0;
	sql_next(&q->s);
	while (!sql_is_end(q) && !sql_is_mark(&q->s, ')')) {
		bool name = q->s.t.kind == SQL_NAME || q->s.t.kind == SQL_WORD;

		for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
			name = name && !(sql_is_word(&q->s, none[i]));
		if (name && t->count < ROW_COLUMNS_MAX)
			t->columns[t->count++] = q->s.t.text;
		sql_skip_item(q);
	}
	if (!sql_is_end(q))
		sql_next(&q->s);
}

/* Adds what a token says to a value: a text is taken before all else. */
static void sql_add_value(struct sql *q, const char **value, bool *settled, bool *minus)
{
	const struct sql_token *t = &q->s.t;

	if (*settled)
		return;
	if (t->kind == SQL_STRING || t->kind == SQL_NAME) {
		*value = t->text;
		*settled = true;
	} else if (sql_is_mark(&q->s, '-')) {
		*minus = true;
	} else if (t->kind == SQL_WORD && !*value && strcasecmp(t->text, "null") &&
		   strcasecmp(t->text, "default")) {
		*value = *minus ? import_format(q->s.im, "-%.20s", t->text) : t->text;
		*settled = isdigit((unsigned char)*t->text);
	}
}

/* One value, up to its ',' or ')'; NULL for SQL's. */
static const char *sql_take_value(struct sql *q)
{
	const char *value = NULL;
	bool settled = false, minus = false;
	unsigned depth = 0;

	while (!sql_is_end(q) &&
	       (depth || !(sql_is_mark(&q->s, ',') || sql_is_mark(&q->s, ')')))) {
		depth += sql_is_mark(&q->s, '(');
		depth -= sql_is_mark(&q->s, ')');
		sql_add_value(q, &value, &settled, &minus);
		sql_next(&q->s);
	}
	return value;
}

static const struct sql_table *sql_created(const struct sql *q)
{
	struct set_entry *e = set_find(&q->tables, q->table, strlen(q->table));

	return e ? (const struct sql_table *)e->value : NULL;
}

/* A row that cannot be read, as nobody says what its values are. */
static void sql_note_nameless(struct sql *q, const struct row *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const char *v = r->values[i];
		const char *seen = v ? destination_seen(q->s.im, v, strlen(v)) : NULL;

		if (!seen)
			continue;
		import_note(
			q->s.im, r->at,
			"left out: \"%.80s\": a row of table \"%.40s\", whose columns "
			"are not named",
			seen, r->table);
		return;
	}
}

/* Columns are the statement's own, those of CREATE TABLE, or what is known. */
static void sql_hand_on(struct sql *q, const char *const *values, size_t count,
			unsigned line)
{
	const struct sql_table *created = sql_created(q);
	const char *const *columns = row_known_columns(q->table, count);
	struct row r = {.table = q->table, .values = values, .count = count};

	if (created && created->count == count)
		columns = created->columns;
	if (q->named.count)
		columns = q->named.columns;
	if (q->named.count && q->named.count < count)
		r.count = q->named.count;
	r.at = (struct import_at){q->s.im->at.file, line};
	r.columns = columns;
	if (columns)
		q->take(q->s.im, &r);
	else
		sql_note_nameless(q, &r);
}

/* "(1, 'a', NULL)" */
static void sql_take_row(struct sql *q)
{
	const char *values[ROW_COLUMNS_MAX];
	unsigned line = q->s.t.line;
	size_t count = 0;

	sql_next(&q->s);
	while (!sql_is_end(q) && !sql_is_mark(&q->s, ')')) {
		const char *value = sql_take_value(q);

		if (count < ROW_COLUMNS_MAX)
			values[count++] = value;
		if (sql_is_mark(&q->s, ','))
			sql_next(&q->s);
	}
	if (sql_is_mark(&q->s, ')')) {
		sql_next(&q->s);
		sql_hand_on(q, values, count, line);
	}
}

/* MySQL's INSERT INTO t SET a = 1, b = 'x'. */
static void sql_take_set(struct sql *q)
{
	const char *values[ROW_COLUMNS_MAX];
	unsigned line = q->s.t.line;

	sql_next(&q->s);
	while (!sql_is_end(q) && q->named.count < ROW_COLUMNS_MAX) {
		q->named.columns[q->named.count] = q->s.t.text;
		sql_next(&q->s);
		if (!sql_is_mark(&q->s, '='))
			return;
		sql_next(&q->s);
		values[q->named.count++] = sql_take_value(q);
		if (!sql_is_end(q))
			sql_next(&q->s);
	}
	sql_hand_on(q, values, q->named.count, line);
}

static void sql_take_insert(struct sql *q)
{
	while (!sql_is_end(q) && !sql_is_word(&q->s, "into"))
		sql_next(&q->s);
	sql_next(&q->s);
	sql_take_table(q);
	if (sql_is_mark(&q->s, '('))
		sql_take_columns(q, &q->named);
	while (!sql_is_end(q) && !sql_is_mark(&q->s, '(') && !sql_is_word(&q->s, "set") &&
	       !sql_is_word(&q->s, "select"))
		sql_next(&q->s);
	if (sql_is_word(&q->s, "set"))
		sql_take_set(q);
	while (sql_is_mark(&q->s, '(') && !q->s.im->err) {
		sql_take_row(q);
		if (sql_is_mark(&q->s, ','))
			sql_next(&q->s);
	}
}

static void sql_take_create(struct sql *q)
{
	struct sql_table *t;
	struct set_entry *e;

	sql_next(&q->s);
	while (sql_is_word(&q->s, "temporary") || sql_is_word(&q->s, "unlogged"))
		sql_next(&q->s);
	if (!sql_is_word(&q->s, "table"))
		return;
	sql_next(&q->s);
	sql_take_table(q);
	t = sql_is_mark(&q->s, '(') ? arena_alloc(&q->s.im->arena, sizeof(*t), 8) : NULL;
	if (!t)
		return;
	sql_take_columns(q, t);
	e = set_put(&q->tables, q->table, strlen(q->table));
	if (e)
		e->value = (uintptr_t)t;
	else
		import_fail(q->s.im, ENOMEM);
}

/* Tabs between values, \N for NULL, and `\.` alone at the end. */
static void sql_take_copied(struct sql *q, char *line)
{
	const char *values[ROW_COLUMNS_MAX];
	size_t count = 0;

	while (line && count < ROW_COLUMNS_MAX) {
		char *tab = strchr(line, '\t');

		if (tab)
			*tab = '\0';
		values[count++] = strcmp(line, "\\N") != 0 ? line : NULL;
		line = tab ? tab + 1 : NULL;
	}
	sql_hand_on(q, values, count, q->s.line);
}

static void sql_take_copy(struct sql *q)
{
	struct sql_text *s = &q->s;

	sql_next(s);
	sql_take_table(q);
	if (sql_is_mark(s, '('))
		sql_take_columns(q, &q->named);
	while (!sql_is_end(q) && !sql_is_word(s, "stdin"))
		sql_next(s);
	if (!sql_is_word(s, "stdin"))
		return;
	sql_skip_statement(q);
	for (bool first = true; s->at < s->end && !s->im->err; first = false) {
		const char *stop = memchr(s->at, '\n', (size_t)(s->end - s->at));
		size_t len = (size_t)((stop ? stop : s->end) - s->at);
		bool last = len >= 2 && !memcmp(s->at, "\\.", 2);
		char *line = first || last ? NULL : import_copy(s->im, s->at, len);

		if (line)
			sql_take_copied(q, line);
		s->at = stop ? stop + 1 : s->end;
		s->line++;
		if (last)
			break;
	}
	s->t = (struct sql_token){.kind = SQL_MARK, .mark = ';', .text = ""};
}

static const struct {
	const char *word;
	void (*take)(struct sql *q);
} statements[] = {
	{"insert", sql_take_insert},
	{"replace", sql_take_insert},
	{"create", sql_take_create},
	{"copy", sql_take_copy},
};

enum { STATEMENTS = sizeof(statements) / sizeof(*statements) };

void sql_read(struct import *im, const char *text, size_t len, row_take_h *take)
{
	struct sql q = {
		.s = {.im = im, .at = text, .end = text + len, .line = 1},
		.take = take,
	};

	sql_next(&q.s);
	while (q.s.t.kind != SQL_END && !im->err) {
		size_t i = 0;

		while (i < STATEMENTS && !sql_is_word(&q.s, statements[i].word))
			i++;
		if (i < STATEMENTS)
			statements[i].take(&q);
		else
			sql_next(&q.s);
		sql_skip_statement(&q);
		if (q.s.t.kind != SQL_END)
			sql_next(&q.s);
	}
	set_free(&q.tables);
}

/* A statement that rows come with begins a line. */
bool sql_is(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t left = (size_t)((stop ? stop : end) - text);

		while (left && isspace((unsigned char)*text)) {
			text++;
			left--;
		}
		if ((left > 12 && (!strncasecmp(text, "insert ", 7) ||
				   !strncasecmp(text, "create table", 12))) ||
		    (left > 8 && !strncasecmp(text, "replace ", 8)) ||
		    (left > 5 && !strncasecmp(text, "copy ", 5)))
			return true;
		text = stop ? stop + 1 : end;
	}
	return false;
}

/* SQL cut into its tokens, as MySQL, PostgreSQL and SQLite write dumps. */
#ifndef EXPORTER_IMPORT_SQL_TOKEN_H
#define EXPORTER_IMPORT_SQL_TOKEN_H

#include "exporter/import/model.h"

enum sql_kind {
	SQL_END,
	SQL_WORD,   /* a keyword, name or number */
	SQL_NAME,   /* a name that was quoted, or MySQL's text in double quotes */
	SQL_STRING, /* unquoted */
	SQL_MARK,   /* one character */
};

struct sql_token {
	enum sql_kind kind;
	char mark;
	const char *text; /* in the import's memory; "" for a mark */
	unsigned line;
};

struct sql_text {
	struct import *im;
	const char *at;
	const char *end;
	unsigned line;
	struct sql_token t; /* the one at hand */
};

/* Moves on to the next token, past comments. */
void sql_next(struct sql_text *s);

/* Whether the token at hand is a keyword, or a mark. */
bool sql_is_word(const struct sql_text *s, const char *word);
bool sql_is_mark(const struct sql_text *s, char mark);

#endif

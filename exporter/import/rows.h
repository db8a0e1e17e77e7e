/* Rows of a database's tables, whatever form they were printed in. */
#ifndef EXPORTER_IMPORT_ROWS_H
#define EXPORTER_IMPORT_ROWS_H

#include "exporter/import/model.h"

enum { ROW_COLUMNS_MAX = 96 };

struct row {
	struct import_at at;
	const char *table; /* its name, or "" */
	const char *const *columns;
	const char *const *values; /* NULL: SQL's NULL */
	size_t count;
};

/* What a reader of rows hands each to. */
typedef void(row_take_h)(struct import *im, const struct row *r);

/* A value by its column, in any case; NULL when it is not there, or empty. */
const char *row_value(const struct row *r, const char *column);

bool row_has(const struct row *r, const char *column);

/* Rows of Kamailio and OpenSIPS: trunks, notes, or nothing for other tables. */
void row_take(struct import *im, const struct row *r);

/*
 * The columns of a table as Kamailio or OpenSIPS create it, for rows that do not name
 * them. NULL: there is none of this name with so many.
 */
const char *const *row_known_columns(const char *table, size_t count);

/* Readers of texts; each hands its rows to @take. */
void sql_read(struct import *im, const char *text, size_t len, row_take_h *take);
void dbtext_read(struct import *im, const char *text, size_t len, row_take_h *take);
void columns_read(struct import *im, const char *text, size_t len, row_take_h *take);

/* Whether a text is of such a form, by how it begins. */
bool sql_is(const char *text, size_t len);
bool dbtext_is(const char *text, size_t len);
bool columns_is(const char *text, size_t len);

#endif

/*
 * Kamailio's and OpenSIPS' destinations. The dispatcher's list is read here, `set
 * destination flags priority attributes`, a destination a line, '#' begins a comment;
 * other forms are told by how a text begins, and have a file each.
 */
#include "exporter/import/kamailio.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "exporter/import/destination.h"
#include "exporter/import/lines.h"
#include "exporter/import/rows.h"

enum { COLUMNS = 6 };

/* One destination, split in place. */
struct line {
	char *columns[COLUMNS];
	size_t count;
};

/* Columns end at white space, and the line at a '#', also within a word. */
static void kamailio_split(struct line *l, char *text)
{
	char *save = NULL, *word;

	text[strcspn(text, "#")] = '\0';
	for (word = strtok_r(text, " \t\r", &save); word && l->count < COLUMNS;
	     word = strtok_r(NULL, " \t\r", &save))
		l->columns[l->count++] = word;
}

/* A priority may be below zero. */
static bool kamailio_number(unsigned long *out, const char *text)
{
	return destination_number(out, text + (*text == '-'));
}

static void kamailio_leave_out(struct import *im, const char *line, const char *why)
{
	const char *seen = destination_seen(im, line, strlen(line));

	if (seen)
		import_note(im, im->at, "left out: %s: \"%.80s\"", why, seen);
	else
		import_note(im, im->at, "left out: %s", why);
}

static void kamailio_take_line(struct import *im, const struct line *l, const char *whole)
{
	struct destination d = {.at = im->at, .label = "dispatcher_set"};
	unsigned long set, priority = 0;

	if (l->count < 2 || !destination_number(&set, l->columns[0])) {
		kamailio_leave_out(im, whole,
				   "not of the form SET DESTINATION FLAGS PRIORITY "
				   "ATTRIBUTES");
		return;
	}
	if ((l->count > 2 && !destination_number(&d.flags, l->columns[2])) ||
	    (l->count > 3 && !kamailio_number(&priority, l->columns[3]))) {
		kamailio_leave_out(im, whole, "flags and priority are not numbers");
		return;
	}
	d.uri = l->columns[1];
	d.set = import_format(im, "%lu", set);
	d.attributes = l->count > 4 ? l->columns[4] : NULL;
	destination_add(im, &d);
	if (priority)
		import_note(im, im->at, "left out: priority %s says nothing of probing",
			    l->columns[3]);
	if (l->count > 5)
		import_note(im, im->at,
			    "left out: what stands behind the white space that ends the "
			    "attributes");
}

static void kamailio_read_line_h(struct import *im, char *text, void *arg)
{
	const char *whole = import_copy(im, text, strlen(text));
	struct line l = {.count = 0};

	(void)arg;
	kamailio_split(&l, text);
	if (l.count && whole)
		kamailio_take_line(im, &l, whole);
}

static void kamailio_read_list(struct import *im, const char *text, size_t len)
{
	lines_each(im, text, len, kamailio_read_line_h, NULL);
}

/* --- which form a text has --- */

/* The first byte that is no white space and in no comment line, or 0. */
static char kamailio_first(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		if (*text == '#')
			while (text < end && *text != '\n')
				text++;
		else if (!isspace((unsigned char)*text))
			return *text;
		else
			text++;
	}
	return '\0';
}

/* "PARTITION:: default", of an older opensipsctl fifo ds_list, or kamcmd's braces. */
static bool kamailio_is_tree(const char *text, size_t len)
{
	const char *key = memmem(text, len, "URI:", 4);
	char first = kamailio_first(text, len);

	return key && (first == '{' || memmem(text, len, "SET::", 5)) &&
	       !memmem(text, len, "\"URI\"", 5);
}

static bool kamailio_is_json(const char *text, size_t len)
{
	char first = kamailio_first(text, len);

	return (first == '{' || first == '[') && memmem(text, len, "\":", 2) &&
	       !kamailio_is_tree(text, len);
}

static bool kamailio_is_script(const char *text, size_t len)
{
	return memmem(text, len, "\nmodparam(", 10) ||
	       memmem(text, len, "\nloadmodule ", 12);
}

/* Its own passwords stand in a script, and nothing of it is shown. */
static void kamailio_read_script(struct import *im, const char *text, size_t len)
{
	(void)text;
	(void)len;
	import_unusable(im, im->at,
			"left out: the script of a server; name the list_file of its "
			"dispatcher, or rows of its tables, as SQL or dbtext");
}

static void kamailio_read_sql(struct import *im, const char *text, size_t len)
{
	sql_read(im, text, len, row_take);
}

static void kamailio_read_dbtext(struct import *im, const char *text, size_t len)
{
	dbtext_read(im, text, len, row_take);
}

static void kamailio_read_columns(struct import *im, const char *text, size_t len)
{
	columns_read(im, text, len, row_take);
}

static const struct {
	bool (*is)(const char *text, size_t len);
	void (*read)(struct import *im, const char *text, size_t len);
} forms[] = {
	{kamailio_is_script, kamailio_read_script}, {kamailio_is_tree, kamcmd_read},
	{kamailio_is_json, mi_json_read},	    {sql_is, kamailio_read_sql},
	{dbtext_is, kamailio_read_dbtext},	    {columns_is, kamailio_read_columns},
};

enum { FORMS = sizeof(forms) / sizeof(*forms) };

static void kamailio_read(struct import *im, const char *text, size_t len)
{
	for (size_t i = 0; i < FORMS; i++) {
		if (!forms[i].is(text, len))
			continue;
		forms[i].read(im, text, len);
		return;
	}
	kamailio_read_list(im, text, len);
}

const struct import_source import_kamailio = {
	.name = "kamailio",
	.file = "dispatcher.list",
	.about = "the dispatcher's list, its RPC, or tables",
	.read = kamailio_read,
};

const struct import_source import_opensips = {
	.name = "opensips",
	.file = "dispatcher.sql",
	.about = "rows of its tables, or what its MI prints",
	.read = kamailio_read,
};

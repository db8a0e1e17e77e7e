/* The one walker: takes an object apart by its table. */
#ifndef CONFIG_READER_WALK_H
#define CONFIG_READER_WALK_H

#include "config/reader/doc.h"
#include "config/reader/pool.h"
#include "config/reader/readings.h"
#include "config/reader/table.h"

union walk_record_bytes {
	char bytes[RECORD_SIZE_MAX];
	long long align;
};

/* A record as the tables' defaults make it. */
struct walk_record {
	const struct record_type *of; /* NULL: free */
	union walk_record_bytes bytes[1];
};

struct walk {
	struct report *report;
	struct report *warned; /* what is allowed and will yet surprise; or NULL */
	struct doc *doc;       /* the text that is walked now */
	struct pool *pool;
	const char *folder; /* absolute; what relative file names begin with */
	const char *shown;  /* the folder as messages show it, with '/', or "" */
	struct set files;   /* names checked before: value is 1 + errno */
	struct set secrets; /* those of files that hold a password */
	struct readings readings;
	bool builtin;	   /* the tables' own defaults: no key is required */
	bool null_is_open; /* a key without a value, or with null, is as if not there */
	struct walk_record records[RECORDS_MAX];
};

/*
 * Checks an object's keys and reads what it holds.
 *
 * @base: the struct that the rows' offsets refer to
 * @set:  section_count() pointers, zeroed; the value of each key that was read
 *
 * Returns whether nothing was wrong. All that is wrong has been reported.
 */
bool walk_section(struct walk *w, const struct section *s, const struct doc_path *at,
		  void *base, const cJSON **set);

/* Reports at a value and returns false. */
#define walk_fault(w, at, ...) report_value((w)->report, (w)->doc, (at), __VA_ARGS__)

/* Warns of a value. Where nobody listens for warnings, nothing. */
#define walk_warn(w, d, at, ...)                                                         \
	((w)->warned ? (void)report_value((w)->warned, (d), (at), __VA_ARGS__) : (void)0)

/* Reports the wrong type of a value: "expected WHAT, found a number". Returns false. */
bool walk_type_fault(struct walk *w, const struct doc_path *at, const char *what);

/* Whether a value was left open where that is allowed. */
bool walk_is_open(const struct walk *w, const cJSON *node);

/* Remembers that memory ran out. Returns false. */
bool walk_nomem(struct walk *w);

/* Reports a key that stands twice; @first is the earlier one. */
void walk_twice(struct walk *w, const struct doc_path *at, const cJSON *first);

/* The one copy of a string, or NULL, remembered as ENOMEM. */
const char *walk_keep(struct walk *w, const char *text);

/* Line of a value, for messages. */
unsigned walk_line(struct walk *w, const cJSON *node);

/* The spot of an object's member. */
static inline struct doc_path doc_path_member(const struct doc_path *up,
					      const cJSON *member)
{
	return (struct doc_path){.up = up, .key = member->string, .node = member};
}

#endif

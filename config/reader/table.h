/*
 * The descriptor tables: one per section of a file, a row per key. A row says all that
 * the walker validates, a level inherits, two trunks are compared by and the JSON Schema
 * prints.
 */
#ifndef CONFIG_READER_TABLE_H
#define CONFIG_READER_TABLE_H

#include "config/reader/pair.h"
#include "config/reader/report.h"

struct field;
struct section;
struct schema;
struct walk;

/* How the values of a row are read, shown and compared. */
struct value_type {
	size_t size; /* bytes at `offset` */
	/*
	 * Checks at->node and stores it in the struct at @base. On failure, reported or
	 * out of memory, returns false and leaves the struct as it was.
	 */
	bool (*read)(struct walk *w, const struct field *f, const struct doc_path *at,
		     void *base);
	/* Writes the members of the row's schema; NULL where nobody asks. */
	void (*schema)(struct schema *s, const struct field *f);
	/* Whether two structs hold the same; NULL where nobody asks. */
	bool (*equal)(const struct field *f, const void *a, const void *b);
};

struct field {
	const char *key;
	const char *about; /* for the schema; begins in lower case without a full stop */
	const struct value_type *type;
	size_t offset;
	size_t beside; /* offset of a list's length or a section's `set` array */
	int64_t min;   /* of the number, length or count; durations in microseconds */
	int64_t max;
	const char *initial; /* the built-in default as JSON, or NULL */
	const void *more;    /* the type's own description of the row */
	bool required;
};

struct section {
	const char *name; /* under $defs */
	const char *about;
	const struct section *base; /* its rows come before; or NULL */
	const struct field *fields;
	size_t count;
	const char *const *any_of; /* one of these keys is required; or NULL */
	const char *const *one_of; /* exactly one of these keys is; or NULL */
};

#define ROW_COUNT(rows)	   (sizeof(rows) / sizeof((rows)[0]))
#define SECTION_ROWS(rows) .fields = (rows), .count = ROW_COUNT(rows)

/* The rows of a section, those of its base first. @i: below section_count() */
size_t section_count(const struct section *s);
const struct field *section_field(const struct section *s, size_t i);

/* Returns the index of a key, or section_count(). */
size_t section_find(const struct section *s, const char *key);

/* The items of a list: `more` of a type_list row. */
struct list_type {
	size_t size;
	bool (*read)(struct walk *w, const struct field *f, const struct doc_path *at,
		     void *item);
	void (*schema)(struct schema *s, const struct field *f);
	bool (*equal)(const void *a, const void *b);
	const char *const *names; /* of list_read_choice(), NULL-terminated */
	bool rising;		  /* numbers, each greater than the one before */
	bool unique;
};

/* Items: a text without control characters, to const char *. */
bool list_read_text(struct walk *w, const struct field *f, const struct doc_path *at,
		    void *item);

/* Items: one of the list's names, to its index, an int. */
bool list_read_choice(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *item);

/* Names and values: `more` of a type_pairs row. */
struct pairs_type {
	const char *noun;
	/* NULL for a name that is right, else a sentence; check_value likewise. */
	const char *(*check_name)(const char *name);
	/* Or NULL. Its sentence is said without the value, which may be a secret. */
	const char *(*check_value)(const char *name, const char *value);
	void (*schema)(struct schema *s, const struct field *f);
	bool any_case; /* names differ only by more than case */
	bool sorted;   /* kept by name, not in the file's order */
	int64_t value_max;
};

/*
 * A section that a level takes whole from the nearest one that has it, and that costs
 * only a pointer where none has: `more` of a type_record row.
 */
struct record_type {
	const struct section *section; /* at most RECORD_FIELDS_MAX rows */
	size_t size;		       /* at most RECORD_SIZE_MAX */
};

enum {
	RECORD_FIELDS_MAX = 12,
	RECORD_SIZE_MAX = 128,
	RECORDS_MAX = 8, /* different kinds of records */
};

extern const struct value_type type_duration;	 /* int64_t, microseconds */
extern const struct value_type type_number;	 /* unsigned */
extern const struct value_type type_integer;	 /* int */
extern const struct value_type type_flag;	 /* bool */
extern const struct value_type type_text;	 /* const char * */
extern const struct value_type type_username;	 /* the same; no escape in quotes */
extern const struct value_type type_file;	 /* absolute name of a file to be read */
extern const struct value_type type_file_name;	 /* name by the way to this file */
extern const struct value_type type_secret;	 /* a password, perhaps with ${NAME} */
extern const struct value_type type_secret_file; /* a file that holds one */
extern const struct value_type type_choice;  /* int; more: names in enum order, NULL */
extern const struct value_type type_names;   /* unsigned; more: names, a bit each, NULL */
extern const struct value_type type_list;    /* more: struct list_type */
extern const struct value_type type_pairs;   /* more: struct pairs_type */
extern const struct value_type type_section; /* more: struct section */
extern const struct value_type type_record;  /* more: struct record_type */

#endif

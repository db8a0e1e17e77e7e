/*
 * The descriptor tables: one per section of a configuration, a row per key. What a row
 * says is what the walker validates, what a level inherits, what two trunks are compared
 * by and what the JSON Schema prints.
 */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "config/report.h"

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
	/* Writes the members of the row's schema. */
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
	const void *more;    /* what the kind wants besides */
	bool required;
};

struct section {
	const char *name; /* under $defs */
	const char *about;
	const struct section *base; /* whose rows come before, or NULL */
	const struct field *fields;
	size_t count;
	const char *const *any_of; /* one of these keys is required; or NULL */
	const char *const *one_of; /* exactly one of these keys is; or NULL */
};

/* The rows of a section, those of its base first. @i: below section_count() */
size_t section_count(const struct section *s);
const struct field *section_field(const struct section *s, size_t i);

/* Returns the index of a key, or section_count(). */
size_t section_find(const struct section *s, const char *key);

/* What a list holds: `more` of a type_list row. */
struct list_type {
	size_t size;
	bool (*read)(struct walk *w, const struct field *f, const struct doc_path *at,
		     void *item);
	void (*schema)(struct schema *s, const struct field *f);
	bool (*equal)(const void *a, const void *b);
	bool rising; /* numbers, each greater than the one before */
	bool unique;
};

enum { PAIRS_MAX = 64 }; /* no type_pairs row has a greater `max` */

/* Names and values: `more` of a type_pairs row. */
struct pairs_type {
	const char *noun;
	const char *(*check_name)(const char *name);
	void (*schema)(struct schema *s, const struct field *f);
	bool any_case; /* names differ only by more than case */
	bool sorted;   /* kept by name, not in the file's order */
	int64_t value_max;
};

extern const struct value_type type_duration;
extern const struct value_type type_number;
extern const struct value_type type_integer; /* as type_number, but an int */
extern const struct value_type
	type_choice; /* more: names, NULL-terminated, in enum order */
extern const struct value_type type_flag;
extern const struct value_type type_text;
extern const struct value_type type_host;
extern const struct value_type type_uri;
extern const struct value_type type_file;
extern const struct value_type type_codes;
extern const struct value_type
	type_template; /* a URI with {peer}, {local} or {host} in it */
extern const struct value_type type_local; /* to struct config_local; taken whole */
extern const struct value_type type_dscp;  /* 0 to 63, or a name */
extern const struct value_type type_list;
extern const struct value_type type_pairs;
extern const struct value_type type_section;  /* more: struct section */
extern const struct value_type type_username; /* text that needs no escape in quotes */
extern const struct value_type type_names;  /* more: names, NULL-terminated, a bit each */
extern const struct value_type type_record; /* more: struct record_type */
extern const struct value_type type_secret; /* a password, perhaps with ${NAME} */
extern const struct value_type type_secret_file; /* a file that holds one */

/* Those that read the whole from its parts stand in load.c. */
extern const struct value_type type_preset; /* the name of one, to its number */
extern const struct value_type
	type_profile;			   /* the name of a profile, to struct layer * */
extern const struct value_type type_layer; /* settings; more: struct section */
extern const struct value_type type_profiles; /* names and settings */
extern const struct value_type type_trunks;   /* an array; more: struct section */

/*
 * A section that a level takes whole from the nearest one that has it, and that costs
 * only a pointer where none has: `more` of a type_record row.
 */
struct record_type {
	const struct section *section; /* at most RECORD_FIELDS_MAX rows */
	size_t size;		       /* at most RECORD_SIZE_MAX */
};

enum {
	RECORD_FIELDS_MAX = 8,
	RECORD_SIZE_MAX = 64,
	RECORDS_MAX = 8, /* different kinds of records */
};

extern const struct list_type list_templates;
extern const struct list_type list_buckets;
extern const struct list_type list_listens;
extern const struct list_type list_servers;
extern const struct list_type list_globs;
extern const struct list_type list_allows;

extern const struct pairs_type pairs_labels;
extern const struct pairs_type pairs_headers;

#endif

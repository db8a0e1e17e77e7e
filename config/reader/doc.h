/*
 * A text as a tree of cJSON items, and the place of each value and key.
 *
 * JSON is checked against RFC 8259 by our own strict checker, which also notes the
 * places, then built into a tree by cJSON. cJSON alone takes raw control characters and
 * leading zeros, keeps no positions and bounds nothing; our checker alone would be a
 * second parser of what cJSON reads well.
 *
 * YAML is what libyaml makes of it, built into the same tree with cJSON's constructors.
 * Plain scalars are values by the core schema of YAML 1.2 and keep their text besides,
 * see doc_text(). Tags, anchors, aliases, keys that are no scalars and a second document
 * are refused; an empty text is null.
 */
#ifndef CONFIG_READER_DOC_H
#define CONFIG_READER_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cjson/cJSON.h>

#include "base/arena.h"
#include "config/reader/report.h"

enum {
	DOC_DEPTH_MAX = 32,	  /* arrays and objects inside each other */
	DOC_SIZE_MAX = 256 << 20, /* bytes of a file: two million trunks */
	DOC_NUMBER_MAX = 63,	  /* characters of a number: cJSON reads no more */
	DOC_NO_KEY = UINT32_MAX,
};

/* Byte offsets of a value's first character and of its key's quote. */
struct doc_node {
	uint32_t value;
	uint32_t key; /* DOC_NO_KEY: in an array, or the root */
};

struct doc {
	const char *path; /* for messages */
	unsigned rank;	  /* order of the files in messages */
	bool yaml;	  /* else JSON */
	const char *text;
	size_t len;
	struct doc_node *nodes; /* in the order of the text */
	size_t count;
	size_t size;
	cJSON *tree; /* valueint of each item is its index in nodes */
	struct arena arena;
	char *loaded; /* doc_load()'s, or NULL */
	size_t loaded_len;
	struct {
		size_t offset;
		size_t begin; /* of the line */
		unsigned line;
	} cursor; /* where doc_locate() was last */
};

/*
 * Checks the syntax of JSON in d->text and fills d->nodes. JSON that is more than we take
 * (\u0000, a number of a hundred digits) is reported too, without failing.
 *
 * Returns 0; EINVAL, with the first mistake reported; ENOMEM.
 */
int doc_check(struct doc *d, struct report *r);

/* Whether a file is YAML by its name: it ends in .yaml or .yml. */
bool doc_is_yaml(const char *path);

/*
 * Checks and builds the tree. Any thread.
 *
 * @d: path, rank, yaml, text and len set, the rest zero. Freed with doc_free() in any
 *     case; text and path stay the caller's
 *
 * Returns 0; EINVAL, with what is wrong reported; ENOMEM.
 */
int doc_parse(struct doc *d, struct report *r);

/*
 * The text of a value: that of a string, and of a YAML plain scalar as it is written
 * (0123, true), for who wants text. NULL for anything else.
 */
static inline const char *doc_text(const cJSON *node)
{
	return node->valuestring;
}

/* Line and column, from 1, of an offset. Cheap for offsets that rise. */
void doc_locate(struct doc *d, size_t offset, unsigned *line, unsigned *col);

/*
 * Reads a file to be the text. @d: path and rank set
 *
 * Returns 0; EINVAL, with the reason reported; ENOMEM.
 */
int doc_load(struct doc *d, const char *file, struct report *r);

/* Frees all but what the caller gave, overwritten; @d may not be used any more. */
void doc_free(struct doc *d);

#endif

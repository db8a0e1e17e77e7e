/*
 * A JSON text: checked against RFC 8259 by our own strict checker, which also notes
 * where each value and key stands, then built into a tree by cJSON. cJSON alone takes
 * raw control characters and leading zeros, keeps no positions and bounds nothing.
 */
#ifndef CONFIG_DOC_H
#define CONFIG_DOC_H

#include <stddef.h>
#include <stdint.h>
#include <cjson/cJSON.h>

#include "base/arena.h"
#include "config/report.h"

enum {
	DOC_DEPTH_MAX = 32,	 /* arrays and objects inside each other */
	DOC_SIZE_MAX = 64 << 20, /* bytes of a file */
	DOC_NUMBER_MAX = 63,	 /* characters of a number: cJSON reads no more */
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
	const char *text;
	size_t len;
	struct doc_node *nodes; /* in the order of the text */
	size_t count;
	size_t size;
	cJSON *tree; /* valueint of each item is its index in nodes */
	struct arena arena;
	struct {
		size_t offset;
		size_t begin; /* of the line */
		unsigned line;
	} cursor; /* where doc_locate() was last */
};

/*
 * Checks the syntax of d->text and fills d->nodes. What is JSON but more than we take
 * (\u0000, a number of a hundred digits) is reported too, without failing.
 *
 * Returns 0; EINVAL, with the first mistake reported; ENOMEM.
 */
int doc_check(struct doc *d, struct report *r);

/*
 * Checks and builds the tree. @d: path, rank, text and len set, the rest zero. Freed
 * with doc_free() in any case; text and path stay the caller's.
 */
int doc_parse(struct doc *d, struct report *r);

/* Line and column, from 1, of an offset. Cheap for offsets that rise. */
void doc_locate(struct doc *d, size_t offset, unsigned *line, unsigned *col);

/*
 * Reads a file of at most DOC_SIZE_MAX bytes.
 *
 * Returns 0 with *textp to be freed by the caller; EFBIG; errno.
 */
int doc_read(char **textp, size_t *lenp, const char *path);

/* Frees all but what the caller gave; @d may not be used any more. */
void doc_free(struct doc *d);

#endif

/* Shared by doc*.c: how a document comes to be. */
#ifndef CONFIG_READER_DOC_PRIVATE_H
#define CONFIG_READER_DOC_PRIVATE_H

#include <string.h>

#include "config/reader/doc.h"

#define DOC_UTF16_FAULT "the file is UTF-16; save it as UTF-8"

/* Whether the text begins with a byte order mark of UTF-16. */
static inline bool doc_is_utf16(const struct doc *d)
{
	return d->len >= 2 &&
	       (!memcmp(d->text, "\xff\xfe", 2) || !memcmp(d->text, "\xfe\xff", 2));
}

/*
 * Sends what cJSON allocates on this thread to an arena; NULL: to malloc() again. Other
 * threads are not concerned.
 */
void doc_cjson_arena(struct arena *a);

/* Notes the place of the next value; @key: DOC_NO_KEY or its offset. 0 or ENOMEM. */
int doc_node_add(struct doc *d, size_t value, size_t key);

/* doc_parse() of YAML. */
int doc_yaml_parse(struct doc *d, struct report *r);

#endif

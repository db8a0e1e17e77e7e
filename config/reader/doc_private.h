/* Shared by doc*.c: how a document comes to be. */
#ifndef CONFIG_READER_DOC_PRIVATE_H
#define CONFIG_READER_DOC_PRIVATE_H

#include "config/reader/doc.h"

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

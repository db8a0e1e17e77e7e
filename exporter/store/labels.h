/*
 * Label text as the exposition format writes it, `trunk="a",carrier="x"`, without the
 * braces. It is prepared once and copied into every line that needs it.
 */
#ifndef EXPORTER_STORE_LABELS_H
#define EXPORTER_STORE_LABELS_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * Appends a label, after a comma when the buffer holds something. Backslash, quote and
 * line feed are escaped; a byte that is not UTF-8 becomes U+FFFD, since one such byte
 * would make Prometheus refuse the whole scrape.
 */
void labels_add(struct buffer *b, const char *name, const char *value);

/* The same of a value that comes in two pieces. */
void labels_add_joined(struct buffer *b, const char *name, struct slice first,
		       const char *rest);

/*
 * Walks label text in order. @pos starts at 0; @value is still escaped.
 *
 * Returns false past the last label.
 */
bool labels_next(struct slice text, size_t *pos, struct slice *name, struct slice *value);

/* The value of a label, still escaped; empty without it. */
struct slice labels_find(struct slice text, const char *name);

/* Appends an escaped value as it was before. */
void labels_unescape(struct buffer *b, struct slice value);

#endif

/* Lines of the text formats that describe a family: # HELP, # TYPE and # UNIT. */
#ifndef EXPORTER_METRICS_TEXT_COMMENTS_H
#define EXPORTER_METRICS_TEXT_COMMENTS_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * Appends a `# HELP` line.
 *
 * @quotes: escape '"' besides backslash and line feed, as OpenMetrics wants and the text
 * format forbids
 */
void text_comments_help(struct buffer *out, struct slice name, const char *help,
			bool quotes);

/* Appends a `# TYPE` or `# UNIT` line; the word needs no escape. */
void text_comments_type(struct buffer *out, struct slice name, const char *type);
void text_comments_unit(struct buffer *out, struct slice name, const char *unit);

#endif

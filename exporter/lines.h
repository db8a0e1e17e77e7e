/*
 * Lines of the text formats. A scrape of 10,000 trunks has 400,000 of them, nearly all of
 * it label text that is ready to copy: room is made once a row, then bytes are laid down.
 */
#ifndef EXPORTER_LINES_H
#define EXPORTER_LINES_H

#include <string.h>

#include "exporter/catalogue.h"
#include "exporter/number.h"

/* What a line has besides name, labels and label: braces, comma, space, line feed. */
#define LINES_EXTRA (NUMBER_BYTES + 8)

/* A family under way; the `arg` of the handlers below. */
struct lines {
	struct buffer *out;
	const char *name;
	size_t name_len;
};

static inline char *lines_put(char *to, const char *p, size_t len)
{
	if (len)
		memcpy(to, p, len);
	return to + len;
}

/* `name{labels` or as much of it as there is; every line of a row begins with it. */
static inline char *lines_put_stem(char *to, const struct lines *l, struct slice suffix,
				   struct slice labels)
{
	to = lines_put(to, l->name, l->name_len);
	to = lines_put(to, suffix.p, suffix.l);
	if (!labels.l)
		return to;
	*to++ = '{';
	return lines_put(to, labels.p, labels.l);
}

/* The rest of a line but its end. @stemmed: the stem has labels */
static inline char *lines_put_value(char *to, bool stemmed, struct slice label,
				    int64_t value, unsigned decimals)
{
	if (label.l) {
		*to++ = stemmed ? ',' : '{';
		to = lines_put(to, label.p, label.l);
	}
	if (stemmed || label.l)
		*to++ = '}';
	*to++ = ' ';
	return number_print(to, value, decimals);
}

static inline char *lines_put_last(char *to, bool stemmed, struct slice label,
				   int64_t value, unsigned decimals)
{
	to = lines_put_value(to, stemmed, label, value, decimals);
	*to++ = '\n';
	return to;
}

/* Samples_h of a sink whose @arg is a struct lines. */
void lines_samples_h(struct slice labels, const struct sample *s, size_t count,
		     void *arg);

/* A `# WORD name text` line. */
void lines_comment(struct buffer *out, const char *word, struct slice name,
		   const char *text);

#endif

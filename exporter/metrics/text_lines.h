/*
 * Lines of the text formats. A scrape of 10,000 trunks has 400,000 of them, nearly all of
 * it label text that is ready to copy: room is made once a row, then bytes are laid down.
 */
#ifndef EXPORTER_METRICS_TEXT_LINES_H
#define EXPORTER_METRICS_TEXT_LINES_H

#include <string.h>

#include "base/number.h"
#include "exporter/metrics/catalogue.h"

/* Bytes of a line besides name, labels and label: braces, comma, space, line feed. */
#define TEXT_LINES_EXTRA (NUMBER_BYTES + 8)

/* Room for ` # {call_id="…"} 0.001 1763798707.123` after a bucket's value. */
#define TEXT_LINES_EXEMPLAR                                                              \
	(sizeof(" # {call_id=\"\"}  ") + (size_t)2 * NUMBER_BYTES +                      \
	 sizeof(((struct stats_exemplar *)0)->call_id))

/* Writes an exemplar, at most TEXT_LINES_EXEMPLAR bytes. Returns the end of it. */
typedef char *(text_lines_exemplar_h)(char *to, const struct stats_exemplar *e);

/* A family under way; the `arg` of the handlers below. */
struct text_lines {
	struct buffer *out;
	const char *name;
	size_t name_len;
	bool spare_buckets; /* all but +Inf */
	bool float_bounds;  /* le="1.0" where the other formats have le="1" */
	text_lines_exemplar_h *exemplar; /* NULL: the format has none */
};

/*
 * Copies from both ends, which may overlap: two moves, no loop and no call.
 *
 * @half: a constant, at most 32; @len is that to twice that
 */
static inline void text_lines_put_ends(char *to, const char *p, size_t len, size_t half)
{
	char end[32];

	memcpy(end, p + len - half, half);
	memcpy(to, p, half);
	memcpy(to + len - half, end, half);
}

/* Half of what is laid down are names and labels of a few words. */
static inline char *text_lines_put(char *to, const char *p, size_t len)
{
	if (!len)
		return to;
	if (len < 8 || len > 64)
		memcpy(to, p, len);
	else if (len < 16)
		text_lines_put_ends(to, p, len, 8);
	else if (len < 32)
		text_lines_put_ends(to, p, len, 16);
	else
		text_lines_put_ends(to, p, len, 32);
	return to + len;
}

/* `name{labels` or as much of it as there is; every line of a row begins with it. */
static inline char *text_lines_put_stem(char *to, const struct text_lines *l,
					struct slice suffix, struct slice labels)
{
	to = text_lines_put(to, l->name, l->name_len);
	to = text_lines_put(to, suffix.p, suffix.l);
	if (!labels.l)
		return to;
	*to++ = '{';
	return text_lines_put(to, labels.p, labels.l);
}

/* The rest of a line but its end. @stemmed: the stem has labels */
static inline char *text_lines_put_value(char *to, bool stemmed, struct slice label,
					 int64_t value, unsigned decimals)
{
	if (label.l) {
		*to++ = stemmed ? ',' : '{';
		to = text_lines_put(to, label.p, label.l);
	}
	if (stemmed || label.l)
		*to++ = '}';
	*to++ = ' ';
	/* Most counters of a healthy trunk are zero. */
	if (!value) {
		*to++ = '0';
		return to;
	}
	return number_print(to, value, decimals);
}

static inline char *text_lines_put_last(char *to, bool stemmed, struct slice label,
					int64_t value, unsigned decimals)
{
	to = text_lines_put_value(to, stemmed, label, value, decimals);
	*to++ = '\n';
	return to;
}

/* Handlers of a sink whose @arg is a struct text_lines. */
void text_lines_samples_h(struct slice labels, const struct sample *s, size_t count,
			  void *arg);
void text_lines_histogram_h(const struct snapshot_target *target,
			    const struct stats_buckets *b, void *arg);

#endif

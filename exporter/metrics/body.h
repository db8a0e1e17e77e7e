/*
 * What a renderer writes, kept small while it writes: every quarter of a MiB leaves the
 * window for a gzip stream, or, for clients that take none, packed in pieces. So the
 * memory of a scrape does not grow with its text.
 */
#ifndef EXPORTER_METRICS_BODY_H
#define EXPORTER_METRICS_BODY_H

#include "exporter/metrics/packed.h"

struct body {
	size_t len; /* as rendered */
	bool gzip;
	struct buffer whole;   /* as sent … */
	struct packed *packed; /* … unless it is this */
};

struct body_writer;

/* @gzip: compress it, where that helps. Returns 0 or ENOMEM. */
int body_writer_alloc(struct body_writer **wp, bool gzip);

/* NULL is ignored. */
void body_writer_free(struct body_writer *w);

/* Where it is to be written. It is the writer's; a failure to keep it stays in `err`. */
struct buffer *body_writer_window(struct body_writer *w);

/* Hands over what was written, to be cleared by body_clear(). Returns 0 or ENOMEM. */
int body_writer_end(struct body_writer *w, struct body *b);

/* Bytes that it is kept in. */
size_t body_kept(const struct body *b);

/* Frees what it holds and makes it empty. */
void body_clear(struct body *b);

#endif

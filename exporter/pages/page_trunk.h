/* What the parts of a trunk's page share. All that they write is escaped. */
#ifndef EXPORTER_PAGES_PAGE_TRUNK_H
#define EXPORTER_PAGES_PAGE_TRUNK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct http_query;
struct probe_result;
struct status_target;
struct status_trunk;

/* What is asked for and what was found; nothing of it is owned. */
struct page_trunk {
	const struct http_query *q;
	const char *name;
	const struct status_trunk *t; /* NULL: there is none of this name */
	int64_t now_ns;
};

/* The trunk's name as a segment of a relative URL's path. */
void page_trunk_segment(struct buffer *b, const struct page_trunk *p);

/* The trunk itself, as <dl>. */
void page_facts(struct buffer *b, const struct page_trunk *p);

/* The check of this index, as <section>. */
void page_target(struct buffer *b, const struct page_trunk *p, size_t index);

/* What of a check's peer has changed: items of a <dl>. */
void page_changes(struct buffer *b, const struct status_target *t, int64_t now_ns);

/* Advice for whoever was woken by this result: a paragraph, or nothing. */
void page_next(struct buffer *b, const struct probe_result *r);

#endif

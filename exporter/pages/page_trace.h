/* A trace, as a table for people. */
#ifndef EXPORTER_PAGES_PAGE_TRACE_H
#define EXPORTER_PAGES_PAGE_TRACE_H

#include "base/buffer.h"
#include "exporter/store/traced.h"

/* What a trace found. */
void page_trace(struct buffer *b, const struct trace_report *r);

/* The last one of a trunk, with when and why it was made. */
void page_traced(struct buffer *b, const struct traced *t, int64_t now_ns);

#endif

/* Pages for people. */
#ifndef EXPORTER_HTTP_PAGES_H
#define EXPORTER_HTTP_PAGES_H

#include "exporter/buffer.h"

/* Appends @text with what HTML would take for markup escaped. */
void http_pages_escape(struct buffer *b, const char *text);

/* @link: what precedes every path of a link, "" or "/prefix" */
void http_pages_landing(struct buffer *b, const char *link, const char *telemetry_path,
			const char *version);

#endif

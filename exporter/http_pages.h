/* Pages for people. */
#ifndef EXPORTER_HTTP_PAGES_H
#define EXPORTER_HTTP_PAGES_H

#include "exporter/buffer.h"

/* Appends @text with what HTML would take for markup escaped. */
void http_pages_escape(struct buffer *b, const char *text);

void http_pages_landing(struct buffer *b, const char *telemetry_path,
			const char *version);

#endif

/*
 * Exposition formats: one file and one row of `renderers` each. What is shown comes from
 * the catalogue; a renderer only writes it down.
 */
#ifndef EXPORTER_METRICS_RENDER_H
#define EXPORTER_METRICS_RENDER_H

#include "base/buffer.h"
#include "exporter/metrics/catalogue.h"

struct renderer {
	const char *type;    /* of the media type, "text" */
	const char *subtype; /* "plain" */
	const char *params;  /* its parameters, "version=0.0.4"; ';' between several */
	const char *content_type;
	unsigned snapshot; /* SNAPSHOT_… that it shows */
	/* Appends to @out; a failure stays in out->err. */
	void (*render)(struct buffer *out, const struct catalogue_source *src);
};

extern const struct renderer render_text;   /* Prometheus text 0.0.4 */
extern const struct renderer render_text_1; /* 1.0.0 */
extern const struct renderer render_openmetrics;
extern const struct renderer render_openmetrics_draft;
extern const struct renderer render_protobuf; /* delimited */

/* By preference where a client has none; the first one is for clients that do not say. */
extern const struct renderer *const renderers[];
extern const size_t renderer_count;

#endif

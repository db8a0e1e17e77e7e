#include "exporter/metrics/render.h"

const struct renderer *const renderers[] = {
	&render_text,	&render_openmetrics,	   &render_protobuf,
	&render_text_1, &render_openmetrics_draft,
};

const size_t renderer_count = sizeof(renderers) / sizeof(renderers[0]);
